# What looks at whole texts, apart from the running sequences and their KV cache. Texts lie end to end:
# N rows, one per token, whose lengths are given apart. They pass block by block, so that the server can
# take steps between two of them.


class Gpt2(Module):
  wte_norms : Optional[Tensor]  # [V], from the first search on

  def embed_texts(self, tokens: List[int], positions: List[int]) -> Tensor:
    return self.embed(self.ids_of(tokens), self.ids_of(positions))  # [N, W], float32

  # The output of a block. A text's bits do not depend on the texts beside it.
  def block(self, x: Tensor, layer: int, lengths: List[int]) -> Tensor:
    block = self.blocks[layer]
    return self.after_attention(x, self.attended(x, layer, lengths), block)  # [N, W]

  # The outputs of a block's heads side by side; each text attends by itself.
  def attended(self, x: Tensor, layer: int, lengths: List[int]) -> Tensor:
    return self.attend_texts(self.qkv(x, self.blocks[layer]), lengths, self.scales[layer])  # [N, W]

  # What becomes of the rows [N, W] of texts of these lengths: each text's "mean" or "last" row,
  # [len(lengths), W], or with "none" all of them.
  def pool(self, x: Tensor, lengths: List[int], pooling: str) -> Tensor:
    pooled = x
    if pooling != "none":
      vectors = annotate(List[Tensor], [])
      row = 0
      for T in lengths:
        if pooling == "mean":
          vectors.append(__torch__.sum_rows(x[row:row + T]) / float(T))
        else:
          vectors.append(x[row + T - 1])
        row = row + T
      pooled = torch.stack(vectors)
    return __torch__.on_host(pooled)

  # The tokens whose rows of wte are nearest by cosine to the sum of the positive tokens' unit
  # vectors less the negative ones', those left out: ids and cosines, nearest first.
  # Of equals the lower id comes first.
  def nearest(self, positive: List[int], negative: List[int], count: int) -> Tensor:
    wte = torch._unwrap_optional(self.wte)
    if self.wte_norms is None:
      self.wte_norms = torch.clamp_min(__torch__.table_norms(wte, self.vocabulary), 1e-12)
    norms = torch._unwrap_optional(self.wte_norms)  # [V]
    given = self.ids_of(positive + negative)
    units = __torch__.token_rows(wte, given) / norms.index_select(0, given).unsqueeze(1)
    total = torch.zeros_like(units[0])  # [W]
    if len(positive) > 0:
      total = __torch__.sum_rows(units[:len(positive)])
    if len(negative) > 0:
      total = total - __torch__.sum_rows(units[len(positive):])
    length = torch.clamp_min(__torch__.row_norms(total.unsqueeze(0)), 1e-12)  # [1]
    cosines = __torch__.dot_table(total / length, wte, self.vocabulary) / norms  # [V]
    cosines.index_fill_(0, given, self.minus_infinity)
    values, tokens = torch.sort(cosines, stable=True, dim=0, descending=True)
    return torch.stack([torch.to(tokens[:count], dtype=__torch__.float32()),
        torch.clamp(values[:count], -1., 1.)]).cpu()  # [2, count]

  # The logits after one row.
  def logits(self, x: Tensor, row: int) -> Tensor:
    return self.unembed(x[row:row + 1]).squeeze(0).cpu()  # [V]

  # The logit lens: of each of the rows from start to end the likeliest tokens, best first: their
  # log-probabilities, and their ids, which float32 holds exactly.
  def likeliest(self, x: Tensor, start: int, end: int, count: int) -> Tensor:
    logprobs, tokens = torch.topk(
        self.log_softmax(self.unembed(x[start:end])), count, 1, True, True)
    ids = torch.to(tokens, dtype=__torch__.float32())
    return torch.stack([logprobs, ids]).cpu()  # [2, rows, count]

  # A copy of one row.
  def row(self, x: Tensor, row: int) -> Tensor:
    return torch.clone(x[row:row + 1], memory_format=__torch__.contiguous())  # [1, W]

  # The lengths of the rows.
  def norms(self, x: Tensor) -> Tensor:
    return __torch__.row_norms(x).cpu()  # [N]

  # What heads of a block look at in one text: rows of softmax, which sum to 1, from
  # the queries and keys that the block computes. In float32, as attention is inside.
  def attention_weights(self, x: Tensor, layer: int, heads: List[int]) -> Tensor:
    N = x.size(0)
    q, k, v = torch.unbind(self.qkv(x, self.blocks[layer]), 1)  # [N, H, D]
    head = self.ids_of(heads)
    q = torch.to(q.transpose(0, 1).index_select(0, head), dtype=__torch__.float32())  # [heads, N, D]
    k = torch.to(k.transpose(0, 1).index_select(0, head), dtype=__torch__.float32())
    square = torch.full([N, N], self.minus_infinity, dtype=__torch__.float32(), device=x.device)
    scores = __torch__.dot_all(q * self.scales[layer], k) + torch.triu(square, 1)
    weights = self.plain_softmax(scores.view(len(heads) * N, N))
    return __torch__.on_host(weights.view(len(heads), N, N))  # [heads, N, N]

  # Copies of the first rows of a text, end to end.
  def copies(self, x: Tensor, length: int, copies: int) -> Tensor:
    return x[:length].repeat([copies, 1])  # [copies length, W]

  # `block` over texts of one length, each without some of the heads: keep is [texts, H], 0 for a
  # head whose output is zero at every position, else 1.
  def ablated_block(self, x: Tensor, layer: int, length: int, keep: List[float]) -> Tensor:
    H = self.heads
    W = x.size(1)
    texts = x.size(0) // length
    lengths = annotate(List[int], [])
    for i in range(texts):
      lengths.append(length)
    z = self.attended(x, layer, lengths)  # [texts length, W]
    factors = torch.tensor(keep, dtype=self.dtype, device=x.device).view(texts, 1, H, 1)
    z = (z.view(texts, length, H, W // H) * factors).view(x.size(0), W)
    return self.after_attention(x, z, self.blocks[layer])  # [texts length, W]

  # The log-probabilities of tokens after the last row of each text.
  def last_logprobs(self, x: Tensor, length: int, tokens: List[int]) -> Tensor:
    last = x.view(x.size(0) // length, length, x.size(1))[:, length - 1]  # [texts, W]
    logprobs = self.log_softmax(self.unembed(last))  # [texts, V]
    return logprobs.index_select(1, self.ids_of(tokens)).cpu()  # [texts, tokens]

  # What a block adds to one row of a text, in parts that sum to it: each head, then the
  # bias of attention's c_proj, then the MLP. The bias is what the heads leave of attention's
  # output: in short types that is also where their rounding ends.
  def parts(self, x: Tensor, layer: int, row: int) -> Tensor:
    H = self.heads
    W = x.size(1)
    block = self.blocks[layer]
    z = self.attended(x, layer, [x.size(0)])[row:row + 1]  # [1, W]
    # Each head alone in a row of its own, since packed weights cannot be cut into heads.
    diagonal = torch.eye(H, dtype=self.dtype, device=x.device).unsqueeze(2)  # [H, H, 1]
    alone = (z.view(1, H, W // H) * diagonal).view(H, W)  # [H, W]
    c_proj = block.attn_c_proj
    unbiased = __torch__.Linear(c_proj.weight, torch.zeros_like(c_proj.bias), c_proj.quantized,
        c_proj.activated)
    heads = torch.to(self.linear(alone, unbiased), dtype=__torch__.float32())  # [H, W]
    attention = torch.to(self.linear(z, c_proj), dtype=__torch__.float32())  # [1, W]
    bias = attention - __torch__.sum_rows(heads).unsqueeze(0)  # [1, W]
    mlp = torch.to(self.mlp(x[row:row + 1] + attention, block), dtype=__torch__.float32())  # [1, W]
    return torch.cat([heads, bias, mlp], 0)  # [H + 2, W]

  # What parts [M, W] of the last block's output at a row add to the logits of tokens: the last layer
  # norm without its bias, its mean and deviation held as the row has them.
  def attribute(self, parts: Tensor, x: Tensor, row: int, tokens: List[int]) -> Tensor:
    ln_f = torch._unwrap_optional(self.ln_f)
    final = x[row:row + 1]  # [1, W]
    centred = final - __torch__.row_means(final)
    deviation = __torch__.sqrt(__torch__.row_means(centred * centred) + self.eps)  # [1, 1]
    scaled = (parts - __torch__.row_means(parts)) / deviation * ln_f.weight  # [M, W]
    return self.dot_unembedding(scaled, tokens)  # [M, tokens]

  # What the last layer norm's bias adds to the logits of tokens.
  def attribute_bias(self, tokens: List[int]) -> Tensor:
    ln_f = torch._unwrap_optional(self.ln_f)
    return self.dot_unembedding(ln_f.bias.unsqueeze(0), tokens)  # [1, tokens]

  def dot_unembedding(self, x: Tensor, tokens: List[int]) -> Tensor:
    chosen = self.ids_of(tokens)
    if self.lm_head_int8 is None:
      dots = self.dot_head(x).index_select(1, chosen)
    else:
      # A quantized unembedding is tied: its rows are those of the embedding.
      rows = __torch__.token_rows(torch._unwrap_optional(self.wte), chosen)
      zero = torch.zeros([len(tokens)], dtype=__torch__.float32())
      dots = __torch__.linear(x, __torch__.pack(rows), zero)
    return dots.cpu()  # [M, tokens]
