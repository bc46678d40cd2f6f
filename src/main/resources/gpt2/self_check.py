# How far the operators of a step are from what they should compute, tried on this machine before the
# model is served. Every check returns the largest error of a result, relative to the largest magnitude
# in it; what is right is computed in float64 by libtorch's plain operators from the same inputs. Linear
# layers are tried with one row, a few and many, for kernels are chosen by their number.


def double(t: Tensor) -> Tensor:
  return torch.to(t, dtype=__torch__.float64())


# One row, all rows, and all of them again and again to fifty: what linear layers are tried with.
def repeated(rows: Tensor) -> List[Tensor]:
  return [rows[:1], rows, rows.repeat([50 // rows.size(0), 1])]


# Numbers that float32 does not hold, which only weights can be to blame for, are left out.
def largest_error(y: Tensor, exact: Tensor) -> float:
  magnitude = torch.abs(exact)
  beyond = torch.logical_not(magnitude < 3e38)
  error = torch.abs(__torch__.double(y) - exact).masked_fill(beyond, 0.)
  largest = torch.max(magnitude.masked_fill(beyond, 0.))
  return float(torch.max(error) / torch.clamp_min(largest, 1e-30))


# The largest of some errors, and NaN if one is: max(a, b) leaves out a NaN that does not come last.
def largest_of(errors: List[float]) -> float:
  return float(torch.max(torch.tensor(errors, dtype=__torch__.float64())))


# A product in float64 of x [N, in] with a weight [out, in], a few outputs at a time, for a large weight in
# float64 would take twice its own memory, which the system has to clear first.
def exact_product(x: Tensor, weight: Tensor) -> Tensor:
  rows = __torch__.double(x)
  products = annotate(List[Tensor], [])
  for begin in range(0, weight.size(0), 512):
    some = __torch__.double(weight[begin:begin + 512])
    products.append(torch.matmul(rows, some.t()))
  return torch.cat(products, 1)


# The outputs of a layer that are looked at: all, or of very many every seventh, so that each place in a block
# of them is among these, and the last ones.
def checked_outputs(count: int, device: Device) -> Tensor:
  if count <= 4096:
    outputs = torch.arange(0, count, 1, dtype=__torch__.int64(), device=device)
  else:
    outputs = torch.cat([torch.arange(0, count - 64, 7, dtype=__torch__.int64(), device=device),
        torch.arange(count - 64, count, 1, dtype=__torch__.int64(), device=device)], 0)
  return outputs


class Gpt2(Module):

  # Numbers between -1 and 1 that are the same at every start, [rows, width] in float32.
  def check_rows(self, rows: int, width: int) -> Tensor:
    index = __torch__.double(torch.arange(rows * width, device=torch.device(self.device)))
    waves = torch.to(torch.sin(index * 1.618 + index * index * 0.0001), dtype=__torch__.float32())
    return waves.view(rows, width)

  # A linear layer by its name in the checkpoint.
  def named(self, layer: int, name: str) -> __torch__.Linear:
    block = self.blocks[layer]
    if name == "attn.c_attn":
      linear = block.attn_c_attn
    elif name == "attn.c_proj":
      linear = block.attn_c_proj
    elif name == "mlp.c_fc":
      linear = block.mlp_c_fc
    else:
      linear = block.mlp_c_proj
    return linear

  # Returns whether a block's linear layer is in int8.
  def is_quantized(self, layer: int, name: str) -> bool:
    return self.named(layer, name).quantized is not None

  def head_is_quantized(self) -> bool:
    return self.lm_head_int8 is not None

  # A linear layer of a weight [in, out] and its bias, in `weight_dtype`: alone, with a residual and with
  # an activation.
  def check_linear(self, weight: Tensor, bias: Tensor) -> float:
    w = self.on_device(weight.t(), self.weight_dtype)
    b = self.on_device(bias, self.weight_dtype)
    layer = self.linear_of(w, b, False)
    x = torch.to(self.check_rows(5, w.size(1)), dtype=self.weight_dtype)
    exact = __torch__.exact_product(x, w) + __torch__.double(b)
    inputs = __torch__.repeated(x)
    outputs = __torch__.repeated(exact)
    errors = annotate(List[float], [])
    for i in range(len(inputs)):
      y = __torch__.linear(inputs[i], layer.weight, layer.bias)
      errors.append(__torch__.largest_error(y, outputs[i]))
    x = torch.to(x, dtype=__torch__.float32())
    residual = self.check_rows(5, w.size(0))
    y = self.add_linear(residual, x, layer)
    errors.append(__torch__.largest_error(y, exact + __torch__.double(residual)))
    activated = self.plain_activation(exact)
    errors.append(__torch__.largest_error(self.activated_linear(x, layer), activated))
    return __torch__.largest_of(errors)

  def check_quantized_linear(self, layer: int, name: str) -> float:
    linear = self.named(layer, name)
    return self.check_quantized(torch._unwrap_optional(linear.quantized), linear.activated)

  def check_quantized_head(self) -> float:
    head = torch._unwrap_optional(self.lm_head_int8)
    return self.check_quantized(head.weight, False)

  # A weight in int8: its integers and scales are given, and so are those of the rows, so that the right
  # result is known exactly.
  def check_quantized(self, quantized: __torch__.QuantizedWeight, activated: bool) -> float:
    outputs = __torch__.checked_outputs(quantized.scale.size(0), quantized.scale.device)
    weight = __torch__.dequantized_outputs(quantized, outputs)  # [out, in]
    steps = 127.
    x = self.check_rows(5, weight.size(1))
    shifted = x
    if activated:
      steps = 255.
      x = torch.abs(x) + self.activation_minimum
      shifted = x - self.activation_minimum
    largest = torch.amax(torch.abs(shifted), [1], True)
    rounded = torch.round(__torch__.double(shifted / largest) * steps)
    exact = __torch__.exact_product(rounded, weight) / steps * __torch__.double(largest)
    bias = torch.zeros_like(quantized.scale)
    errors = annotate(List[float], [])
    inputs = __torch__.repeated(x)
    expected = __torch__.repeated(exact)
    for i in range(len(inputs)):
      y = self.quantized_linear(inputs[i], quantized, activated, bias)
      errors.append(__torch__.largest_error(y.index_select(1, outputs), expected[i]))
    return __torch__.largest_of(errors)

  # The unembedding [V, W], which is not quantized.
  def check_head(self, lm_head: Tensor) -> float:
    outputs = __torch__.checked_outputs(lm_head.size(0), lm_head.device)
    packed = torch._unwrap_optional(self.lm_head).weight
    w = self.on_device(lm_head.index_select(0, outputs), ops.prim.dtype(packed))
    outputs = torch.to(outputs, dtype=__torch__.int64(), device=w.device)
    x = self.check_rows(3, w.size(1))
    exact = __torch__.exact_product(x, w)
    errors = annotate(List[float], [])
    inputs = __torch__.repeated(x)
    expected = __torch__.repeated(exact)
    for i in range(len(inputs)):
      y = self.dot_head(inputs[i]).index_select(1, outputs)
      errors.append(__torch__.largest_error(y, expected[i]))
    return __torch__.largest_of(errors)

  # Embeddings, layer norm and the activation.
  def check_small_operators(self) -> List[float]:
    wpe = torch._unwrap_optional(self.wpe)  # [P, W]
    ln_f = torch._unwrap_optional(self.ln_f)
    tokens = [self.vocabulary - 1, 0, self.vocabulary - 1]
    positions = [0, wpe.size(0) - 1, wpe.size(0) - 1]
    embedded = self.embed_texts(tokens, positions)
    rows = __torch__.token_rows(torch._unwrap_optional(self.wte), self.ids_of(tokens))
    sums = __torch__.double(rows) + __torch__.double(wpe.index_select(0, self.ids_of(positions)))

    x = self.check_rows(3, wpe.size(1)) * 3. + 1.
    double = __torch__.double(x)
    centred = double - torch.mean(double, [1], True)
    deviation = torch.sqrt(torch.mean(centred * centred, [1], True) + self.eps)
    norm = centred / deviation * __torch__.double(ln_f.weight) + __torch__.double(ln_f.bias)

    entering = self.check_rows(3, 1000) * 8.
    activated = self.plain_activation(__torch__.double(entering))
    return [__torch__.largest_error(embedded, sums),
        __torch__.largest_error(self.final_norm(x), norm),
        __torch__.largest_error(self.activate(entering), activated)]

  # What becomes of logits: their logarithmic sum of exponentials, probabilities, the score of a token
  # and the likeliest one.
  def check_logits(self) -> List[float]:
    V = self.vocabulary
    logits = self.check_rows(5, V) * 10. - 100.
    exact = __torch__.double(logits)
    p = torch.softmax(exact, 1)
    logp = torch.log_softmax(exact, 1)
    sums = exact[:, 0] - logp[:, 0]
    rows = [0, 1, 2, 3, 4]
    plain = [1., 1., 1., 1., 1.]
    token = V // 2
    scores = __torch__.double(self.score(logits, rows, [token, token, token, token, token], plain))
    likelier = torch.sum(exact > exact[:, token:token + 1], [1])
    likeliest = self.argmax(logits)
    likeliest = torch.to(likeliest, dtype=__torch__.int64(), device=exact.device)
    found = torch.gather(exact, 1, likeliest.unsqueeze(1))
    return [__torch__.largest_error(self.log_sum_exp(logits, rows, plain), sums.cpu()),
        __torch__.largest_error(self.softmax(logits, rows, plain), p.cpu()),
        __torch__.largest_error(scores[0], logp[:, token].cpu()),
        __torch__.largest_error(scores[1], torch.neg(torch.sum(p * logp, [1])).cpu()),
        __torch__.largest_error(scores[2], __torch__.double(likelier).cpu()),
        __torch__.largest_error(found.squeeze(1), torch.amax(exact, [1]))]

  # Attention over the cache: a prompt in two chunks and the token after it and, where there is a
  # second slot, a shorter text beside it.
  def check_attention(self, slot_count: int, width: int) -> float:
    P = torch._unwrap_optional(self.wpe).size(0)
    first = min(40, P - 1)
    second = min(7, P - 1)
    if first < 1:
      return 0.
    lengths = [first]
    if slot_count > 1:
      lengths.append(second)
    H = self.heads
    D = width // H
    total = 0
    for length in lengths:
      total = total + length + 1
    heads = torch.to(self.check_rows(total, 3 * width), dtype=self.dtype).view(total, 3, H, D)

    texts = annotate(List[Tensor], [])
    decoded = annotate(List[Tensor], [])
    exact = annotate(List[Tensor], [])
    exact_decoded = annotate(List[Tensor], [])
    prompts = annotate(List[int], [])
    decodes = annotate(List[int], [])
    row = 0
    for s in range(len(lengths)):
      T = lengths[s]
      rows = heads[row:row + T + 1]
      texts.append(rows[:T])
      decoded.append(rows[T:])
      z = self.exact_attention(rows)
      exact.append(z[:T])
      exact_decoded.append(z[T:])
      for begin in range(0, T, 32):
        prompts = prompts + [s, begin, min(32, T - begin)]
      decodes = decodes + [s, T, 1]
      row = row + T + 1
    read = self.attend_rows(torch.cat(texts, 0), prompts, 0)
    z = self.attend_rows(torch.cat(decoded, 0), decodes, len(lengths))
    return __torch__.largest_of([__torch__.largest_error(read, torch.cat(exact, 0)),
        __torch__.largest_error(z, torch.cat(exact_decoded, 0))])

  # The first layer's attention of queries, keys and values [N, 3, H, D].
  def attend_rows(self, qkv: Tensor, chunks: List[int], decoding: int) -> Tensor:
    positions = annotate(List[int], [])
    slots = annotate(List[int], [])
    for chunk in __torch__.chunks_of(chunks):
      for i in range(chunk.length):
        positions.append(chunk.start + i)
        slots.append(chunk.slot)
    ids = self.ids_of(positions + positions + slots)
    batch = self.batch_of(ids, qkv.size(0), chunks, decoding)
    return self.attention(qkv, 0, batch, self.plan_attention(batch))  # [N, W]

  # What it should be of one text, in float64.
  def exact_attention(self, heads: Tensor) -> Tensor:
    T = heads.size(0)
    q, k, v = torch.unbind(__torch__.double(heads).transpose(0, 2), 1)
    unseen = torch.full([T, T], self.minus_infinity, dtype=__torch__.float64(), device=heads.device)
    scores = torch.matmul(q, k.transpose(1, 2)) * self.scales[0] + torch.triu(unseen, 1)
    z = torch.matmul(torch.softmax(scores, -1), v)
    return z.transpose(0, 1).reshape(T, heads.size(2) * heads.size(3))
