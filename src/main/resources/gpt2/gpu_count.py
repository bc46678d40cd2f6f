# Asks libtorch how many CUDA GPUs it can use: a program of its own.


class Gpt2(Module):
  __parameters__ = []
  __buffers__ = []
  training : bool
  _is_full_backward_hook : Optional[bool]

  def gpu_count(self) -> float:
    return float(ops.cuda.device_count())
