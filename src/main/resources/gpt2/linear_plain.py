# Linear layers for GPUs, and for CPUs whose libtorch has no oneDNN.


def pack(weight: Tensor) -> Tensor:
  return weight


def linear(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
  return torch.linear(torch.to(x, dtype=bias.dtype), weight, bias)
