  # Continues class Gpt2 of gpt2.py: how far the operators of a step are from what they should compute,
  # tried on this machine before the model is served. Every check returns the largest error of a result,
  # relative to the largest magnitude in it; what is right is computed in float64 by libtorch's plain
  # operators from the same inputs. Linear layers are tried with one row, a few and many, for kernels
  # are chosen by their number.

  # Numbers between -1 and 1 that are the same at every start, [rows, width] in float32.
  def check_rows(self: __torch__.Gpt2, rows: int, width: int) -> Tensor:
    device = torch.device(self.device)
    index = torch.to(torch.arange(rows * width, device=device), dtype=7)
    return torch.to(torch.sin(index * 1.618 + index * index * 0.0001), dtype=6).view(rows, width)

  # One row, all rows, and all of them again and again to fifty: what linear layers are tried with.
  def repeated(self: __torch__.Gpt2, rows: Tensor) -> List[Tensor]:
    return [rows[:1], rows, rows.repeat([50 // rows.size(0), 1])]

  # Numbers that float32 does not hold, which only weights can be to blame for, are left out.
  def largest_error(self: __torch__.Gpt2, y: Tensor, exact: Tensor) -> float:
    magnitude = torch.abs(exact)
    beyond = torch.logical_not(magnitude < 3e38)
    error = torch.abs(torch.to(y, dtype=7) - exact).masked_fill(beyond, 0.)
    largest = torch.max(magnitude.masked_fill(beyond, 0.))
    return float(torch.max(error) / torch.clamp_min(largest, 1e-30))

  # A product in float64 of x [N, in] with a weight [out, in], a few outputs at a time, for a large
  # weight in float64 would take twice its own memory.
  def exact_product(self: __torch__.Gpt2, x: Tensor, weight: Tensor) -> Tensor:
    rows = torch.to(x, dtype=7)
    products = annotate(List[Tensor], [])
    for begin in range(0, weight.size(0), 4096):
      some = torch.to(weight[begin:begin + 4096], dtype=7)
      products.append(torch.matmul(rows, some.t()))
    return torch.cat(products, 1)

  # Whether a block's linear layer is in int8.
  def is_quantized(self: __torch__.Gpt2, layer: int, place: int) -> bool:
    return self.blocks[12 * layer + place].numel() == 0

  def head_is_quantized(self: __torch__.Gpt2) -> bool:
    return len(self.head) == 5

  # A linear layer of a weight [in, out] and its bias, in `weight_dtype`.
  def check_linear(self: __torch__.Gpt2, weight: Tensor, bias: Tensor) -> float:
    w = self.on_device(weight.t(), self.weight_dtype)
    b = self.on_device(bias, self.weight_dtype)
    packed = __torch__.pack(w)
    x = torch.to(self.check_rows(5, w.size(1)), dtype=self.weight_dtype)
    exact = self.exact_product(x, w) + torch.to(b, dtype=7)
    error = 0.
    inputs = self.repeated(x)
    outputs = self.repeated(exact)
    for i in range(len(inputs)):
      error = max(error, self.largest_error(__torch__.linear(inputs[i], packed, b), outputs[i]))
    return error

  # A linear layer in int8, by its place among the model's: its integers and scales are given, and so
  # are those of the rows, so that the right result is known exactly.
  def check_quantized_linear(self: __torch__.Gpt2, index: int, activated: bool) -> float:
    weight = self.quantized_weight(index)
    steps = 127.
    x = self.check_rows(5, weight.size(1))
    shifted = x
    if activated:
      steps = 255.
      x = torch.abs(x) + self.activation_minimum
      shifted = x - self.activation_minimum
    largest = torch.amax(torch.abs(shifted), [1], True)
    rounded = torch.round(torch.to(shifted / largest, dtype=7) * steps)
    exact = self.exact_product(rounded, weight) / steps * torch.to(largest, dtype=7)
    bias = torch.zeros([weight.size(0)], dtype=6)
    error = 0.
    inputs = self.repeated(x)
    outputs = self.repeated(exact)
    for i in range(len(inputs)):
      y = self.quantized_linear(inputs[i], index, activated, bias)
      error = max(error, self.largest_error(y, outputs[i]))
    return error

  # The unembedding [V, W], which is not quantized.
  def check_head(self: __torch__.Gpt2, lm_head: Tensor) -> float:
    w = lm_head
    if len(self.head) == 2:
      w = torch.to(lm_head, dtype=5)
    w = self.on_device(w, w.dtype)
    x = self.check_rows(3, w.size(1))
    exact = self.exact_product(x, w)
    error = 0.
    inputs = self.repeated(x)
    outputs = self.repeated(exact)
    for i in range(len(inputs)):
      error = max(error, self.largest_error(self.dot_head(inputs[i]), outputs[i]))
    return error

  # Embeddings, layer norm and the activation.
  def check_small_operators(self: __torch__.Gpt2) -> List[float]:
    wte = self.embeddings[0]
    wpe = self.embeddings[1]
    last = wte.size(0) - 1
    end = wpe.size(0) - 1
    embedded = self.embed([last, 0, last], [0, end, end])
    sums = [torch.to(wte[last], dtype=7) + torch.to(wpe[0], dtype=7),
        torch.to(wte[0], dtype=7) + torch.to(wpe[end], dtype=7),
        torch.to(wte[last], dtype=7) + torch.to(wpe[end], dtype=7)]

    x = self.check_rows(3, wte.size(1)) * 3. + 1.
    double = torch.to(x, dtype=7)
    centred = double - torch.mean(double, [1], True)
    deviation = torch.sqrt(torch.mean(centred * centred, [1], True) + self.eps)
    norm = centred / deviation * torch.to(self.head[0], dtype=7) + torch.to(self.head[1], dtype=7)

    entering = self.check_rows(3, 1000) * 8.
    activated = self.activate(torch.to(entering, dtype=7))
    return [self.largest_error(embedded, torch.stack(sums)),
        self.largest_error(self.final_norm(x), norm),
        self.largest_error(self.activate(entering), activated)]

  # What becomes of logits: their logarithmic sum of exponentials, probabilities, the score of a token
  # and the likeliest one.
  def check_logits(self: __torch__.Gpt2) -> List[float]:
    V = self.embeddings[0].size(0)
    logits = self.check_rows(5, V) * 10. - 100.
    exact = torch.to(logits, dtype=7)
    p = torch.softmax(exact, 1)
    logp = torch.log_softmax(exact, 1)
    sums = exact[:, 0] - logp[:, 0]
    rows = [0, 1, 2, 3, 4]
    plain = [1., 1., 1., 1., 1.]
    token = V // 2
    scores = torch.to(self.score(logits, rows, [token, token, token, token, token], plain), dtype=7)
    likelier = torch.sum(exact > exact[:, token:token + 1], [1])
    likeliest = self.argmax(logits)
    found = torch.gather(exact, 1, torch.to(likeliest, dtype=4, device=exact.device).unsqueeze(1))
    return [self.largest_error(self.log_sum_exp(logits, rows, plain), sums.cpu()),
        self.largest_error(self.softmax(logits, rows, plain), p.cpu()),
        self.largest_error(scores[0], logp[:, token].cpu()),
        self.largest_error(scores[1], torch.neg(torch.sum(p * logp, [1])).cpu()),
        self.largest_error(scores[2], torch.to(likelier, dtype=7).cpu()),
        self.largest_error(found.squeeze(1), torch.amax(exact, [1]))]

  # Attention over the cache: a prompt in two pieces and the token after it and, where there is a
  # second slot, a shorter text beside it.
  def check_attention(self: __torch__.Gpt2, slot_count: int, width: int) -> float:
    P = self.embeddings[1].size(0)
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
    positions = annotate(List[int], [])
    slots = annotate(List[int], [])
    chunks = annotate(List[int], [])
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
        chunks = chunks + [s, min(32, T - begin), begin, -1]
      for i in range(T):
        positions.append(i)
        slots.append(s)
      row = row + T + 1
    read = self.attend_rows(torch.cat(texts, 0), positions, slots, annotate(List[int], []), chunks)
    error = self.largest_error(read, torch.cat(exact, 0))
    slots = annotate(List[int], [])
    for s in range(len(lengths)):
      slots.append(s)
    z = self.attend_rows(torch.cat(decoded, 0), lengths, slots, [len(lengths)],
        annotate(List[int], []))
    return max(error, self.largest_error(z, torch.cat(exact_decoded, 0)))

  # The first layer's attention, [N, W], of queries, keys and values [N, 3, H, D].
  def attend_rows(self: __torch__.Gpt2, heads: Tensor, positions: List[int], slots: List[int],
      decode: List[int], chunks: List[int]) -> Tensor:
    ids = torch.tensor(positions + positions + slots, dtype=4, device=torch.device(self.device))
    plan = self.plan_attention(ids, positions, slots, decode, chunks)
    return self.attention(heads, 0, ids, slots, decode, chunks, plan)

  # What it should be of one text, in float64.
  def exact_attention(self: __torch__.Gpt2, heads: Tensor) -> Tensor:
    T = heads.size(0)
    q, k, v = torch.unbind(torch.to(heads, dtype=7).transpose(0, 2), 1)
    unseen = torch.full([T, T], self.minus_infinity, dtype=7, device=heads.device)
    scores = torch.matmul(q, k.transpose(1, 2)) * self.scales[0] + torch.triu(unseen, 1)
    z = torch.matmul(torch.softmax(scores, -1), v)
    return z.transpose(0, 1).reshape(T, heads.size(2) * heads.size(3))
