# Asks libtorch how many CUDA GPUs it can use.


class Gpt2(Module):
  __parameters__ = []
  __buffers__ = []
  training : bool
  _is_full_backward_hook : Optional[bool]

  def count(self: __torch__.Gpt2) -> float:
    return float(ops.cuda.device_count())
