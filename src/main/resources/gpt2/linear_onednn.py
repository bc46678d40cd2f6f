# Linear layers for CPUs: oneDNN's and fbgemm's kernels over weights laid out for them once. A row's
# result does not depend on how many rows there are.
#
# oneDNN computes outputs in blocks of 16, 32, 48 or 64, chosen by the caches and threads that it finds,
# and where the last block is padded, its float32 products are wrong on virtual machines whose CPUID
# hides the caches (oneDNN 3.7.1). Weights are therefore padded to a multiple of 192, which all of
# these blocks divide: 50,257 outputs become 50,304.


# A weight [out, in] in int8.
class QuantizedWeight(NamedTuple):
  packed : __torch__.torch.classes.quantized.LinearPackedParamsBase


# Zeros after t's first dimension, up to a length.
def pad(t: Tensor, length: int) -> Tensor:
  shape = t.size()
  shape[0] = length - shape[0]
  return torch.cat([t, torch.zeros(shape, dtype=t.dtype)], 0)  # [length, ...]


# A copy of a weight [out, in] as `linear` wants it.
def pack(weight: Tensor) -> Tensor:
  whole = weight
  outputs = (weight.size(0) + 191) // 192 * 192
  if weight.dtype == __torch__.float32() and outputs > weight.size(0):
    whole = __torch__.pad(weight, outputs)
  return ops.mkldnn._reorder_linear_weight(whole.contiguous(), 1)


def linear(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
  outputs = weight.size(0)
  whole = bias
  if outputs > bias.size(0):
    whole = __torch__.pad(bias, outputs)
  y = ops.mkldnn._linear_pointwise(torch.to(x, dtype=bias.dtype), weight, whole, "none", [], "")
  if outputs > bias.size(0):
    y = y[:, :bias.size(0)]
  return y  # [N, out]


def pack_quantized(integers: Tensor, scale: Tensor) -> __torch__.QuantizedWeight:
  zero_point = torch.zeros([integers.size(0)], dtype=__torch__.int64())
  q = torch._make_per_channel_quantized_tensor(integers,
      torch.to(scale, dtype=__torch__.float64()), zero_point, 0)
  return __torch__.QuantizedWeight(ops.quantized.linear_prepack(q, None))


# The sums of the numbers that each output's integers and scale stand for.
def sums(weight: __torch__.QuantizedWeight) -> Tensor:
  return torch.sum(__torch__.dequantize(weight), [1])  # [out]


# The numbers that a weight's integers and scales stand for.
def dequantize(weight: __torch__.QuantizedWeight) -> Tensor:
  q, bias = ops.quantized.linear_unpack(weight.packed)
  return torch.dequantize(q)  # [out, in], float32


# The product of x [N, in], rounded to unsigned bytes of a scale and a zero point, with a weight.
def quantized_product(x: Tensor, scale: float, zero_point: int,
    weight: __torch__.QuantizedWeight) -> Tensor:
  return ops.quantized.linear_with_input_q_dq_qweight_dq_output_fp32(x, scale, zero_point,
      weight.packed)  # [N, out], float32
