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
    w = self.blocks
    b = 12 * layer
    N = x.size(0)
    W = x.size(1)
    H = self.heads
    h = __torch__.layer_norm(x, w[b], w[b + 1], self.eps)
    qkv = torch.unbind(__torch__.linear(h, w[b + 2], w[b + 3]).view(N, 3, H, W // H), 1)
    attended = annotate(List[Tensor], [])
    row = 0
    for T in lengths:
      q = qkv[0][row:row + T].transpose(0, 1).unsqueeze(0)
      k = qkv[1][row:row + T].transpose(0, 1).unsqueeze(0)
      v = qkv[2][row:row + T].transpose(0, 1).unsqueeze(0)
      z = torch.scaled_dot_product_attention(q, k, v, None, 0., True, scale=self.scales[layer])
      attended.append(z.squeeze(0).transpose(0, 1).reshape(T, W))
      row = row + T
    x = x + __torch__.linear(torch.cat(attended, 0), w[b + 4], w[b + 5])
    h = __torch__.linear(__torch__.layer_norm(x, w[b + 6], w[b + 7], self.eps), w[b + 8], w[b + 9])
    return x + __torch__.linear(self.activate(h), w[b + 10], w[b + 11])

  # The last layer norm, [N, W].
  def final_norm(self: __torch__.Gpt2, x: Tensor) -> Tensor:
    return __torch__.layer_norm(x, self.head[0], self.head[1], self.eps)

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
    return pooled.cpu()

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
