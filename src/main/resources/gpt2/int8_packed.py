  # Continues class Gpt2 of gpt2.py: products in int8 by fbgemm's kernels, over weights laid out for them
  # once.

  # Takes a quantized weight [out, in]; returns its place among the model's.
  def add_quantized(self: __torch__.Gpt2, q: Tensor) -> int:
    self.quantized.append(ops.quantized.linear_prepack(q, None))
    return len(self.quantized) - 1

  # Puts a small weight in the place of one that is not used.
  def drop_quantized(self: __torch__.Gpt2, index: int, small: Tensor) -> None:
    self.quantized[index] = ops.quantized.linear_prepack(small, None)

  # The numbers that a weight's integers and scales stand for, [out, in].
  def quantized_weight(self: __torch__.Gpt2, index: int) -> Tensor:
    q, bias = ops.quantized.linear_unpack(self.quantized[index])
    return torch.dequantize(q)

  # The product of x [N, in], rounded to unsigned bytes of a scale and a zero point, with a weight.
  def quantized_product(self: __torch__.Gpt2, x: Tensor, scale: float, zero_point: int,
      index: int) -> Tensor:
    return ops.quantized.linear_with_input_q_dq_qweight_dq_output_fp32(x, scale, zero_point,
        self.quantized[index])
