# Linear layers by libtorch's plain operators: for GPUs, and for CPUs where oneDNN's and fbgemm's are
# absent or fail their check. In int8 they multiply the integers as float32, which is slow.


# A weight [out, in] in int8.
class QuantizedWeight(NamedTuple):
  integers : Tensor  # [out, in], int8
  scale : Tensor  # [out]


# A copy of a weight [out, in] as `linear` wants it.
def pack(weight: Tensor) -> Tensor:
  return torch.clone(weight, memory_format=__torch__.contiguous())


def linear(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
  return torch.linear(torch.to(x, dtype=bias.dtype), weight, bias)  # [N, out]


def pack_quantized(integers: Tensor, scale: Tensor) -> __torch__.QuantizedWeight:
  return __torch__.QuantizedWeight(integers, scale)


# The sums of the numbers that each output's integers and scale stand for.
def sums(weight: __torch__.QuantizedWeight) -> Tensor:
  return torch.sum(__torch__.dequantize(weight), [1])  # [out]


# The numbers that a weight's integers and scales stand for.
def dequantize(weight: __torch__.QuantizedWeight) -> Tensor:
  integers = torch.to(weight.integers, dtype=__torch__.float32())
  return integers * weight.scale.unsqueeze(1)  # [out, in]


# The product of x [N, in], rounded to unsigned bytes of a scale and a zero point, with a weight.
def quantized_product(x: Tensor, scale: float, zero_point: int,
    weight: __torch__.QuantizedWeight) -> Tensor:
  rounded = torch.clamp(torch.round(x * (1. / scale)), -zero_point, 255 - zero_point)
  return torch.matmul(rounded * scale, __torch__.dequantize(weight).t())  # [N, out], float32
