  # Continues class Gpt2 of gpt2.py: linear layers in int8. Weights have a scale for each output
  # channel; each row of activations is brought to -1 to 1 (0 to 1 after an activation that has a
  # minimum) by its own largest number, which the result is multiplied by. A row's result therefore
  # depends on no other row. Dettmers et al. 2022, "LLM.int8()", call this vector-wise quantization.

  # Keeps the output [T, W] of the embedding for a sample text: what the layers are tried on.
  def begin_calibration(self: __torch__.Gpt2, tokens: List[int]) -> None:
    positions = annotate(List[int], [])
    for i in range(len(tokens)):
      positions.append(i)
    self.calibration = [self.embed(tokens, positions)]

  # load_block in int8. The sample passes the block in float32, and what enters each linear layer
  # there decides about it: if int8 changes its output by more than `tolerance` of how much that
  # varies, the layer stays in `weight_dtype`. Returns these changes, one for each layer in order.
  def load_quantized_block(self: __torch__.Gpt2, tensors: List[Tensor], layer: int,
      tolerance: float) -> List[float]:
    f = annotate(List[Tensor], [])
    for t in tensors:
      f.append(torch.to(t, dtype=6))
    x = self.calibration[0]
    T = x.size(0)
    W = x.size(1)
    H = self.heads
    errors = annotate(List[float], [])

    h = __torch__.layer_norm(x, f[0], f[1], self.eps)
    self.load_norm_and_linear(h, f[0], f[1], f[2], f[3], tolerance, errors)
    q, k, v = torch.unbind((torch.matmul(h, f[2]) + f[3]).view(T, 3, H, W // H).transpose(0, 2), 1)
    z = torch.scaled_dot_product_attention(q, k, v, None, 0., True, scale=self.scales[layer])
    z = z.transpose(0, 1).reshape(T, W)
    self.load_linear(z, f[4].t(), f[5], False, tolerance, errors)
    x = x + (torch.matmul(z, f[4]) + f[5])

    h = __torch__.layer_norm(x, f[6], f[7], self.eps)
    self.load_norm_and_linear(h, f[6], f[7], f[8], f[9], tolerance, errors)
    h = self.activate(torch.matmul(h, f[8]) + f[9])
    self.load_linear(h, f[10].t(), f[11], True, tolerance, errors)
    self.calibration = [x + (torch.matmul(h, f[10]) + f[11])]
    return errors

  # A layer norm and the linear layer it feeds. What the norm multiplies its channels by moves in
  # part into the linear weights, so that no channel of either is far larger than the others: GPT-2
  # has such channels, and their scale would be everybody's. The product stays the same. Xiao et al.
  # 2022, "SmoothQuant".
  def load_norm_and_linear(self: __torch__.Gpt2, x: Tensor, norm_weight: Tensor, norm_bias: Tensor,
      weight: Tensor, bias: Tensor, tolerance: float, errors: List[float]) -> None:
    s = self.smoothing(x, weight)
    self.blocks.append(norm_weight / s)
    self.blocks.append(norm_bias / s)
    self.load_linear(x / s, (weight * s.unsqueeze(1)).t(), bias, False, tolerance, errors)

  # What to divide the channels of x [T, in] by, and multiply those of the weight [in, out] by: [in].
  def smoothing(self: __torch__.Gpt2, x: Tensor, weight: Tensor) -> Tensor:
    entering = torch.clamp_min(self.largest(x, 0), 1e-5)
    weights = torch.clamp_min(self.largest(weight, 1), 1e-5)
    return torch.sqrt(entering / weights)

  # The largest magnitude along a dimension, without a copy of what may be a hundred megabytes.
  def largest(self: __torch__.Gpt2, t: Tensor, dim: int) -> Tensor:
    return torch.maximum(torch.amax(t, [dim]), torch.neg(torch.amin(t, [dim])))

  # A linear layer with weight [out, in], tried on x [T, in].
  def load_linear(self: __torch__.Gpt2, x: Tensor, weight: Tensor, bias: Tensor, activated: bool,
      tolerance: float, errors: List[float]) -> None:
    q = self.quantize(weight)
    exact = torch.matmul(x, weight.t())
    zero = torch.zeros_like(bias)
    if activated:
      zero = torch.sum(torch.dequantize(q), [1]) * self.activation_minimum
    index = self.add_quantized(q)
    error = self.change(self.quantized_linear(x, index, activated, zero), exact)
    errors.append(error)
    if error <= tolerance:
      self.blocks.append(torch.empty([0], dtype=6))
      self.blocks.append(bias + zero)
    else:
      self.drop_quantized(index, self.quantize(torch.zeros([1, 1], dtype=6)))
      self.blocks.append(__torch__.pack(torch.to(weight, dtype=self.weight_dtype)))
      self.blocks.append(self.take(bias, self.weight_dtype))

  # How far y is from what it should be, as a part of how much that varies from row to row.
  def change(self: __torch__.Gpt2, y: Tensor, exact: Tensor) -> float:
    varies = torch.linalg_vector_norm(exact - torch.mean(exact, [0], True), 2)
    return float(torch.linalg_vector_norm(y - exact, 2) / torch.clamp_min(varies, 1e-12))

  # A weight [out, in] in int8.
  def quantize(self: __torch__.Gpt2, weight: Tensor) -> Tensor:
    scale = torch.clamp_min(self.largest(weight, 1), 1e-12) / 127.
    zero_point = torch.zeros([weight.size(0)], dtype=4)
    return torch.quantize_per_channel(weight.contiguous(), torch.to(scale, dtype=7), zero_point, 0, 12)

  def quantized_linear(self: __torch__.Gpt2, x: Tensor, index: int, activated: bool,
      bias: Tensor) -> Tensor:
    x = torch.to(x, dtype=6)
    if activated:
      # The minimum's share of the product, which is the same for every row, is in the bias.
      x = x - self.activation_minimum
      largest = torch.clamp_min(torch.amax(x, [1], True), 1e-12)
      y = self.quantized_product(torch.div_(x, largest), 0.00392156862745098, 0, index)
    else:
      largest = torch.clamp_min(torch.amax(torch.abs(x), [1], True), 1e-12)
      y = self.quantized_product(x / largest, 0.007874015748031496, 128, index)
    return torch.add_(torch.mul_(y, largest), bias)

  # The unembedding, which has to be tied, in int8: less what all its rows have in common, which can
  # be far larger than their differences and goes apart in float32. Returns the change of the logits'
  # differences from their mean; if that is too large it stays in float32. ln_f is there before.
  def load_quantized_head(self: __torch__.Gpt2, tolerance: float) -> float:
    wte = self.embeddings[0]
    common = torch.mean(wte, [0])
    x = self.final_norm(self.calibration[0])
    weight = wte - common
    s = self.smoothing(x, weight.t())
    q = self.quantize(torch.mul_(weight, s))
    self.add_quantized(q)
    norm = self.head
    self.head = [norm[0], norm[1], norm[0] / s, norm[1] / s, common * s]
    exact = torch.matmul(x, wte.t())
    exact = exact - torch.mean(exact, [1], True)
    y = self.quantized_unembed(self.calibration[0])
    error = self.change(y - torch.mean(y, [1], True), exact)
    if error > tolerance:
      self.load_head(norm[0], norm[1], wte)
    return error

  def end_calibration(self: __torch__.Gpt2) -> None:
    self.calibration = annotate(List[Tensor], [])

  def quantized_unembed(self: __torch__.Gpt2, x: Tensor) -> Tensor:
    h = __torch__.layer_norm(x, self.head[2], self.head[3], self.eps)
    common = torch.sum(h * self.head[4], [1], True)
    return self.quantized_linear(h, 4 * self.layers, False, common)
