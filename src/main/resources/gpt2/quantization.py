# Linear layers in int8. Weights have a scale for each output channel; each row of activations is
# brought to -1 to 1 (0 to 1 after an activation that has a minimum) by its own largest number, which
# the result is multiplied by. A row's result therefore depends on no other row. Dettmers et al. 2022,
# "LLM.int8()", call this vector-wise quantization.


# The unembedding in int8: less what all its rows have in common, which can be far larger than their
# differences and is added apart in float32.
class QuantizedHead(NamedTuple):
  ln_f : __torch__.LayerNorm  # divided by the smoothing of its channels
  common : Tensor  # [W], as `single_output` wants it
  weight : __torch__.QuantizedWeight  # [V, W]


# The largest magnitude along a dimension, without a copy of what may be a hundred megabytes.
def largest(t: Tensor, dim: int) -> Tensor:
  return torch.maximum(torch.amax(t, [dim]), torch.neg(torch.amin(t, [dim])))


# What to divide the channels of x [T, in] by, and multiply those of a weight by, whose largest magnitudes
# [in] are given, so that no channel of either is far larger than the others: GPT-2 has such channels, and
# their scale would be that of all. The product stays the same. Xiao et al. 2022, "SmoothQuant".
def smoothing(x: Tensor, weights: Tensor) -> Tensor:
  entering = torch.clamp_min(__torch__.largest(x, 0), 1e-5)
  return __torch__.sqrt(entering / torch.clamp_min(weights, 1e-5))  # [in]


# The length of all numbers of a matrix, as one vector.
def length_of(x: Tensor) -> Tensor:
  return __torch__.row_norms(x.reshape(1, -1))  # [1]


# How far y is from what it should be, as a part of how much that varies from row to row; NaN where that is
# infinity by infinity. It decides about a layer, and must therefore have the same bits on every machine that
# computes with the kernels in C.
def change(y: Tensor, exact: Tensor) -> float:
  mean = __torch__.sum_rows(exact) / float(exact.size(0))
  varies = __torch__.length_of(exact - mean)
  return float(__torch__.length_of(y - exact) / torch.clamp_min(varies, 1e-12))


# The scales [out] of a weight [out, in] in int8.
def weight_scales(weight: Tensor) -> Tensor:
  return torch.clamp_min(__torch__.largest(weight, 1), 1e-12) / 127.


# A weight [out, in] in units of its scales [out], rounded to the nearest.
def integers_of(weight: Tensor, scale: Tensor) -> Tensor:
  return torch.to(torch.round_(weight / scale.unsqueeze(1)), dtype=__torch__.int8())


# A weight [out, in] in int8.
def quantize(weight: Tensor) -> __torch__.QuantizedWeight:
  scale = __torch__.weight_scales(weight)
  return __torch__.pack_quantized(__torch__.integers_of(weight, scale), scale)


class Gpt2(Module):
  calibration : List[Tensor]  # the sample before the next block, [T, W]; empty when all are loaded

  def quantized_unembed(self, x: Tensor, head: __torch__.QuantizedHead) -> Tensor:
    h = __torch__.layer_norm(x, head.ln_f, self.eps)  # [N, W]
    common = __torch__.single_output(h, head.common)  # [N, 1]
    return self.quantized_product(h, head.weight, common)  # [N, V]

  # Embeds a sample text, on which the layers are tried.
  def begin_calibration(self, tokens: List[int]) -> None:
    positions = annotate(List[int], [])
    for i in range(len(tokens)):
      positions.append(i)
    self.calibration = [self.embed_texts(tokens, positions)]

  def end_calibration(self) -> None:
    self.calibration = annotate(List[Tensor], [])

  # load_block in int8. The sample passes the block in float32, by the operators of a step, and what enters
  # each linear layer there decides about it: if int8 changes its output by more than `tolerance` of how much that
  # varies, the layer stays in `weight_dtype`. Returns these changes, one for each layer in order.
  def load_quantized_block(self, layer: int, tolerance: float, ln_1_weight: Tensor,
      ln_1_bias: Tensor, c_attn_weight: Tensor, c_attn_bias: Tensor, attn_c_proj_weight: Tensor,
      attn_c_proj_bias: Tensor, ln_2_weight: Tensor, ln_2_bias: Tensor, c_fc_weight: Tensor,
      c_fc_bias: Tensor, mlp_c_proj_weight: Tensor, mlp_c_proj_bias: Tensor) -> List[float]:
    f = annotate(List[Tensor], [])
    for t in [c_attn_weight, c_attn_bias, attn_c_proj_weight, attn_c_proj_bias, c_fc_weight, c_fc_bias,
        mlp_c_proj_weight, mlp_c_proj_bias]:
      f.append(torch.to(t, dtype=__torch__.float32()))
    w_attn, b_attn, w_proj, b_proj, w_fc, b_fc, w_mlp_proj, b_mlp_proj = f
    ln_1 = self.norm_of(ln_1_weight, ln_1_bias)
    ln_2 = self.norm_of(ln_2_weight, ln_2_bias)
    errors = annotate(List[float], [])
    x = self.calibration[0]  # [T, W]

    h = __torch__.layer_norm(x, ln_1, self.eps)  # [T, W]
    exact = self.exact_linear(h, w_attn, b_attn)  # [T, 3 W]
    smooth_ln_1, c_attn = self.try_norm_and_linear(h, ln_1, w_attn, b_attn, exact, tolerance, errors)
    qkv = exact.view(x.size(0), 3, self.heads, x.size(1) // self.heads)  # [T, 3, H, D]
    z = self.attend_texts(qkv, [x.size(0)], self.scales[layer])  # [T, W]
    exact = self.exact_linear(z, w_proj, b_proj)  # [T, W]
    attn_c_proj = self.try_linear(z, w_proj.t(), b_proj, False, exact, tolerance, errors)
    x = x + exact  # [T, W]

    h = __torch__.layer_norm(x, ln_2, self.eps)  # [T, W]
    exact = self.exact_linear(h, w_fc, b_fc)  # [T, 4 W]
    smooth_ln_2, c_fc = self.try_norm_and_linear(h, ln_2, w_fc, b_fc, exact, tolerance, errors)
    h = self.activate(exact)  # [T, 4 W]
    exact = self.exact_linear(h, w_mlp_proj, b_mlp_proj)  # [T, W]
    mlp_c_proj = self.try_linear(h, w_mlp_proj.t(), b_mlp_proj, True, exact, tolerance, errors)
    self.calibration = [x + exact]

    self.blocks.append(
        __torch__.Block(smooth_ln_1, c_attn, attn_c_proj, smooth_ln_2, c_fc, mlp_c_proj))
    return errors

  # A linear layer of weight [in, out] in float32.
  def exact_linear(self, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    return __torch__.linear(x, __torch__.pack(weight.t()), bias)  # [T, out]

  # A layer norm and the linear layer of weight [in, out] that it feeds with x: the smoothing moves from
  # the norm into the weight.
  def try_norm_and_linear(self, x: Tensor, norm: __torch__.LayerNorm, weight: Tensor, bias: Tensor,
      exact: Tensor, tolerance: float,
      errors: List[float]) -> Tuple[__torch__.LayerNorm, __torch__.Linear]:
    s = __torch__.smoothing(x, __torch__.largest(weight, 1))  # [in]
    smooth = __torch__.LayerNorm(norm.weight / s, norm.bias / s)
    linear = self.try_linear(x / s, (weight * s.unsqueeze(1)).t(), bias, False, exact, tolerance,
        errors)
    return (smooth, linear)

  # A linear layer of weight [out, in], tried on x [T, in], of which its output should be `exact`.
  def try_linear(self, x: Tensor, weight: Tensor, bias: Tensor, activated: bool, exact: Tensor,
      tolerance: float, errors: List[float]) -> __torch__.Linear:
    quantized = __torch__.quantize(weight)
    zero = torch.zeros_like(bias)
    if activated:
      zero = __torch__.sums(quantized) * self.activation_minimum  # [out]
    shifted = bias + zero
    error = __torch__.change(self.quantized_linear(x, quantized, activated, shifted), exact)
    errors.append(error)
    if error <= tolerance:
      empty = torch.empty([0], dtype=__torch__.float32())
      layer = __torch__.Linear(empty, shifted, quantized, activated)
    else:
      layer = self.linear_of(weight, bias, activated)
    return layer

  # The unembedding [V, W], which has to be tied, in int8. Returns the change of the logits' differences
  # from their mean; if that is too large it is not quantized. ln_f is there before.
  def load_quantized_head(self, tolerance: float, lm_head: Tensor) -> float:
    wte = torch.to(lm_head, dtype=__torch__.float32())
    ln_f = torch._unwrap_optional(self.ln_f)
    common = __torch__.sum_rows(wte) / float(wte.size(0))  # [W]
    x = self.final_norm(self.calibration[0])  # [T, W]
    # In pieces, for whole copies would be most of what loading takes.
    largest = torch.zeros_like(common)
    for begin in range(0, wte.size(0), 4096):
      weight = wte[begin:begin + 4096] - common
      largest = torch.maximum(largest, __torch__.largest(weight, 0))
    s = __torch__.smoothing(x, largest)  # [W]
    scales = annotate(List[Tensor], [])
    integers = annotate(List[Tensor], [])
    logits = annotate(List[Tensor], [])
    for begin in range(0, wte.size(0), 4096):
      piece = wte[begin:begin + 4096]
      weight = torch.mul_(piece - common, s)
      scale = __torch__.weight_scales(weight)
      logits.append(self.exact_linear(x, piece.t(), torch.zeros_like(scale)))
      scales.append(scale)
      integers.append(__torch__.integers_of(weight, scale))
    quantized = __torch__.pack_quantized(torch.cat(integers, 0), torch.cat(scales, 0))
    smooth = __torch__.LayerNorm(ln_f.weight / s, ln_f.bias / s)
    packed = __torch__.pack_single(common * s)
    head = __torch__.QuantizedHead(smooth, packed, quantized)
    exact = torch.cat(logits, 1)  # [T, V]
    y = self.quantized_unembed(self.calibration[0], head)  # [T, V]
    y.sub_(__torch__.row_means(y))
    exact.sub_(__torch__.row_means(exact))
    error = __torch__.change(y, exact)
    if error <= tolerance:
      self.lm_head_int8 = head
    else:
      # Too large, or NaN.
      self.load_tied_head(ln_f.weight, ln_f.bias)
    return error
