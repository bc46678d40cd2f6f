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
