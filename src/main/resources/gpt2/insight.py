  # Continues class Gpt2 of gpt2.py: what looks at whole texts, apart from the running sequences and
  # their KV cache. Texts lie end to end: N rows, one per token, whose lengths are given apart. They
  # pass block by block, so that the server can take steps between two of them.

  # Embeds tokens at positions, [N, W] in float32.
  def embed(self: __torch__.Gpt2, tokens: List[int], positions: List[int]) -> Tensor:
    device = torch.device(self.device)
    return (torch.embedding(self.embeddings[0], torch.tensor(tokens, dtype=4, device=device))
        + torch.embedding(self.embeddings[1], torch.tensor(positions, dtype=4, device=device)))

  # The output of a block, [N, W]. A text's bits do not depend on the texts beside it.
  def block(self: __torch__.Gpt2, x: Tensor, layer: int, lengths: List[int]) -> Tensor:
    return self.after_heads(x, self.attended(x, layer, lengths), layer)

  # Queries, keys and values of a block, each [N, H, D].
  def qkv(self: __torch__.Gpt2, x: Tensor, layer: int) -> List[Tensor]:
    w = self.blocks
    b = 12 * layer
    h = __torch__.layer_norm(x, w[b], w[b + 1], self.eps)
    H = self.heads
    qkv = torch.to(self.linear(h, layer, 2), dtype=self.dtype)
    return torch.unbind(qkv.view(x.size(0), 3, H, x.size(1) // H), 1)

  # The outputs of a block's heads side by side, [N, W]; each text attends by itself.
  def attended(self: __torch__.Gpt2, x: Tensor, layer: int, lengths: List[int]) -> Tensor:
    qkv = self.qkv(x, layer)
    attended = annotate(List[Tensor], [])
    row = 0
    for T in lengths:
      q = qkv[0][row:row + T].transpose(0, 1).unsqueeze(0)
      k = qkv[1][row:row + T].transpose(0, 1).unsqueeze(0)
      v = qkv[2][row:row + T].transpose(0, 1).unsqueeze(0)
      z = __torch__.attend_causally(q, k, v, self.scales[layer])
      attended.append(z.squeeze(0).transpose(0, 1).reshape(T, x.size(1)))
      row = row + T
    return torch.cat(attended, 0)

  # The output of a block whose heads' outputs are z, [N, W].
  def after_heads(self: __torch__.Gpt2, x: Tensor, z: Tensor, layer: int) -> Tensor:
    x = x + self.linear(z, layer, 4)
    return x + self.mlp(x, layer)

  # What a block's MLP adds, [N, W].
  def mlp(self: __torch__.Gpt2, x: Tensor, layer: int) -> Tensor:
    w = self.blocks
    b = 12 * layer
    h = self.linear(__torch__.layer_norm(x, w[b + 6], w[b + 7], self.eps), layer, 8)
    return self.linear(self.activate(h), layer, 10)

  # What becomes of the rows [N, W] of texts of these lengths: each text's "mean" or "last" row,
  # [len(lengths), W], or with "none" all of them.
  def pool(self: __torch__.Gpt2, x: Tensor, lengths: List[int], pooling: str) -> Tensor:
    pooled = x
    if pooling != "none":
      vectors = annotate(List[Tensor], [])
      row = 0
      for T in lengths:
        if pooling == "mean":
          vectors.append(torch.mean(x[row:row + T], [0]))
        else:
          vectors.append(x[row + T - 1])
        row = row + T
      pooled = torch.stack(vectors)
    return __torch__.on_host(pooled)

  # The tokens whose rows of wte are nearest by cosine to the sum of the positive tokens' unit
  # vectors less the negative ones', those left out: ids and cosines, nearest first, [2, count].
  # Of equals the lower id comes first. The rows' norms are kept from the first call on.
  def nearest(self: __torch__.Gpt2, positive: List[int], negative: List[int],
      count: int) -> Tensor:
    wte = self.embeddings[0]
    if len(self.embeddings) == 2:
      self.embeddings.append(torch.clamp_min(torch.linalg_vector_norm(wte, 2, [1], True), 1e-12))
    norms = self.embeddings[2]
    given = torch.tensor(positive + negative, dtype=4, device=wte.device)
    units = wte.index_select(0, given) / norms.index_select(0, given)
    total = units[:len(positive)].sum([0]) - units[len(positive):].sum([0])
    direction = total / torch.clamp_min(torch.linalg_vector_norm(total, 2), 1e-12)
    cosines = torch.matmul(wte, direction) / norms.squeeze(1)
    cosines.index_fill_(0, given, self.minus_infinity)
    values, tokens = torch.sort(cosines, stable=True, dim=0, descending=True)
    return torch.stack([torch.to(tokens[:count], dtype=6),
        torch.clamp(values[:count], -1., 1.)]).cpu()

  # The logits after one row, [V].
  def logits(self: __torch__.Gpt2, x: Tensor, row: int) -> Tensor:
    return self.unembed(x[row:row + 1]).squeeze(0).cpu()

  # The logit lens: of each of the rows from start to end the likeliest tokens, best first,
  # [2, rows, count]: their log-probabilities, and their ids, which float32 holds exactly.
  def likeliest(self: __torch__.Gpt2, x: Tensor, start: int, end: int, count: int) -> Tensor:
    logprobs, tokens = torch.topk(
        torch.log_softmax(self.unembed(x[start:end]), 1), count, 1, True, True)
    return torch.stack([logprobs, torch.to(tokens, dtype=6)]).cpu()

  # A row by itself, [1, W].
  def row(self: __torch__.Gpt2, x: Tensor, row: int) -> Tensor:
    return torch.clone(x[row:row + 1], memory_format=0)

  # The lengths of the rows, [N].
  def norms(self: __torch__.Gpt2, x: Tensor) -> Tensor:
    return torch.sqrt(torch.sum(x * x, [1])).cpu()

  # What heads of a block look at in one text, [heads, N, N]: rows of softmax, which sum to 1, from
  # the queries and keys that the block computes. In float32, as attention is inside.
  def attention_weights(self: __torch__.Gpt2, x: Tensor, layer: int, heads: List[int]) -> Tensor:
    qkv = self.qkv(x, layer)
    N = x.size(0)
    head = torch.tensor(heads, dtype=4, device=x.device)
    q = torch.to(qkv[0].transpose(0, 1).index_select(0, head), dtype=6)
    k = torch.to(qkv[1].transpose(0, 1).index_select(0, head), dtype=6)
    mask = torch.triu(torch.full([N, N], self.minus_infinity, dtype=6, device=x.device), 1)
    scores = torch.matmul(q * self.scales[layer], k.transpose(1, 2)) + mask
    return __torch__.on_host(torch.softmax(scores, -1))

  # Copies of the first rows of a text, end to end, [copies * length, W].
  def copies(self: __torch__.Gpt2, x: Tensor, length: int, copies: int) -> Tensor:
    return x[:length].repeat([copies, 1])

  # `block` over texts of one length, each without some of the heads: keep is [texts, H], 0 for a
  # head whose output is zero at every position, else 1.
  def ablated_block(self: __torch__.Gpt2, x: Tensor, layer: int, length: int,
      keep: List[float]) -> Tensor:
    H = self.heads
    texts = x.size(0) // length
    lengths = annotate(List[int], [])
    for i in range(texts):
      lengths.append(length)
    z = self.attended(x, layer, lengths)
    kept = torch.tensor(keep, dtype=self.dtype, device=x.device).view(texts, 1, H, 1)
    z = (z.view(texts, length, H, x.size(1) // H) * kept).view(x.size(0), x.size(1))
    return self.after_heads(x, z, layer)

  # The log-probabilities of tokens after the last row of each text, [texts, tokens].
  def last_logprobs(self: __torch__.Gpt2, x: Tensor, length: int, tokens: List[int]) -> Tensor:
    last = x.view(x.size(0) // length, length, x.size(1))[:, length - 1]
    return torch.log_softmax(self.unembed(last), 1).index_select(1,
        torch.tensor(tokens, dtype=4, device=x.device)).cpu()

  # What a block adds to one row of a text, in parts that sum to it, [H + 2, W]: each head, then the
  # bias of attention's c_proj, then the MLP. The bias is what the heads leave of attention's
  # output: in short types that is also where their rounding ends.
  def parts(self: __torch__.Gpt2, x: Tensor, layer: int, row: int) -> Tensor:
    H = self.heads
    z = self.attended(x, layer, [x.size(0)])[row:row + 1]
    # Each head alone in a row of its own, since packed weights cannot be cut into heads.
    alone = (z.view(1, H, x.size(1) // H)
        * torch.eye(H, dtype=self.dtype, device=x.device).unsqueeze(2)).view(H, x.size(1))
    bias = torch.zeros_like(self.blocks[12 * layer + 5])
    heads = torch.to(self.linear_with_bias(alone, layer, 4, bias), dtype=6)
    attention = torch.to(self.linear(z, layer, 4), dtype=6)
    mlp = torch.to(self.mlp(x[row:row + 1] + attention, layer), dtype=6)
    return torch.cat([heads, attention - torch.sum(heads, [0], True), mlp], 0)

  # What parts [M, W] of the last block's output at a row add to the logits of tokens, [M, tokens]:
  # the last layer norm without its bias, its mean and deviation held as the row has them.
  def attribute(self: __torch__.Gpt2, parts: Tensor, x: Tensor, row: int,
      tokens: List[int]) -> Tensor:
    final = x[row:row + 1]
    centred = final - torch.mean(final, [1], True)
    deviation = torch.sqrt(torch.mean(centred * centred, [1], True) + self.eps)
    scaled = (parts - torch.mean(parts, [1], True)) / deviation * self.head[0]
    return self.dot_unembedding(scaled, tokens)

  # What the last layer norm's bias adds to the logits of tokens, [1, tokens].
  def attribute_bias(self: __torch__.Gpt2, tokens: List[int]) -> Tensor:
    return self.dot_unembedding(self.head[1].unsqueeze(0), tokens)

  def dot_unembedding(self: __torch__.Gpt2, x: Tensor, tokens: List[int]) -> Tensor:
    chosen = torch.tensor(tokens, dtype=4, device=x.device)
    if len(self.head) == 5:
      # A quantized unembedding is tied: its rows are those of the embedding.
      dots = torch.matmul(x, self.embeddings[0].index_select(0, chosen).t())
    else:
      dots = self.dot_head(x).index_select(1, chosen)
    return dots.cpu()
