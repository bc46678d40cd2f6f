  # Continues class Gpt2 of gpt2.py: products in int8 by libtorch's plain operators, which multiply the
  # integers as float32. Slow, for where the packed kernels fail their check.

  # Takes a quantized weight [out, in]; returns its place among the model's.
  def add_quantized(self: __torch__.Gpt2, q: Tensor) -> int:
    self.integers.append(q)
    return len(self.integers) - 1

  # Puts a small weight in the place of one that is not used.
  def drop_quantized(self: __torch__.Gpt2, index: int, small: Tensor) -> None:
    self.integers[index] = small

  # The numbers that a weight's integers and scales stand for, [out, in].
  def quantized_weight(self: __torch__.Gpt2, index: int) -> Tensor:
    return torch.dequantize(self.integers[index])

  # The product of x [N, in], rounded to unsigned bytes of a scale and a zero point, with a weight.
  def quantized_product(self: __torch__.Gpt2, x: Tensor, scale: float, zero_point: int,
      index: int) -> Tensor:
    rounded = torch.clamp(torch.round(x * (1. / scale)), -zero_point, 255 - zero_point)
    return torch.matmul(rounded * scale, torch.dequantize(self.integers[index]).t())
