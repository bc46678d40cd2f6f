# Linear layers for CPUs: oneDNN's kernels over weights laid out for them once. A row's result does
# not depend on how many rows there are. `pack` copies.


def pack(weight: Tensor) -> Tensor:
  return ops.mkldnn._reorder_linear_weight(weight.contiguous(), 1)


def linear(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
  return ops.mkldnn._linear_pointwise(torch.to(x, dtype=bias.dtype), weight, bias, "none", [], "")
