  # Continues class Gpt2 of gpt2.py: attention over the KV cache on a GPU, by its fused kernels. Keys and
  # values are rows of D numbers, [S, H, P, D].

  # The KV cache and the prefix cache. One allocation for keys and values: two equal zeros() in one
  # method are merged into one tensor by the optimizer.
  def allocate_cache(self: __torch__.Gpt2, slots: int, positions: int, head_width: int, blocks: int,
      block_length: int) -> None:
    device = torch.device(self.device)
    cache = torch.zeros([2, self.layers, slots, self.heads, positions, head_width],
        dtype=self.dtype, device=device)
    self.cache = torch.unbind(cache, 1)
    halves = torch.unbind(cache, 0)
    self.keys = torch.unbind(halves[0], 0)
    self.values = torch.unbind(halves[1], 0)
    self.allocate_kept(head_width, blocks, block_length)

  # Copies pieces of prompts from their blocks to their slots; returns their outputs.
  def copy_kept(self: __torch__.Gpt2, copied: List[int]) -> List[Tensor]:
    outputs = annotate(List[Tensor], [])
    for c in range(len(copied) // 4):
      s = copied[4 * c]
      T = copied[4 * c + 1]
      start = copied[4 * c + 2]
      block = copied[4 * c + 3]
      for l in range(self.layers):
        kept = self.kept[0][l]
        self.keys[l][s, :, start:start + T].copy_(kept[0, block, :, :T])
        self.values[l][s, :, start:start + T].copy_(kept[1, block, :, :T])
      outputs.append(self.kept[1][block, :T])
    return outputs

  # What attention needs to know in every layer: of each round of decodes a mask and the rows' places
  # in the view of the cache that they attend over, then of each prompt piece a mask.
  def plan_attention(self: __torch__.Gpt2, ids: Tensor, positions: List[int], slots: List[int],
      decode: List[int], chunks: List[int]) -> List[Tensor]:
    device = torch.device(self.device)
    N = len(positions)
    position = ids[N:2 * N]
    slot = ids[2 * N:3 * N]
    # The sequences of a round attend over one view of the cache: slots low to high (idle ones
    # between them are computed and dropped), positions up to the longest.
    decoding = __torch__.total(decode)
    length = 0
    for i in range(decoding):
      length = max(length, positions[i] + 1)
    length = min((length + 15) // 16 * 16, self.keys[0].size(2))
    unseen = torch.arange(length, device=device) > position[:decoding].view(-1, 1, 1, 1)
    mask = torch.zeros([decoding, 1, 1, length], dtype=self.dtype, device=device)
    mask.masked_fill_(unseen, self.minus_infinity)
    plan = annotate(List[Tensor], [])
    row = 0
    for count in decode:
      low = slots[row]
      high = slots[row + count - 1] + 1
      place = slot[row:row + count] - low
      own = mask[row:row + count]
      if high - low > count:
        own = torch.zeros([high - low, 1, 1, length], dtype=self.dtype, device=device)
        own.index_copy_(0, place, mask[row:row + count])
      plan.append(own)
      plan.append(place)
      row = row + count
    # A prompt piece sees what its slot holds before it, and itself up to each position. The kernel
    # wants lengths in multiples of 8; what is behind the piece is masked.
    for c in range(len(chunks) // 4):
      T = chunks[4 * c + 1]
      start = chunks[4 * c + 2]
      end = min((start + T + 15) // 16 * 16, self.keys[0].size(2))
      visible = torch.full([T, end], self.minus_infinity, dtype=self.dtype, device=device)
      plan.append(torch.triu(visible, start + 1).view(1, 1, T, end))
    return plan

  # One layer's attention, [N, W], of queries, keys and values [N, 3, H, D].
  def attention(self: __torch__.Gpt2, heads: Tensor, layer: int, ids: Tensor, slots: List[int],
      decode: List[int], chunks: List[int], plan: List[Tensor]) -> Tensor:
    N = heads.size(0)
    H = heads.size(2)
    D = heads.size(3)
    scale = self.scales[layer]
    q, k, v = torch.unbind(heads, 1)
    K = self.keys[layer]
    V = self.values[layer]
    torch.index_put_(self.cache[layer], [None, ids[2 * N:3 * N], None, ids[N:2 * N]], heads[:, 1:])

    attended = annotate(List[Tensor], [])
    row = 0
    for r in range(len(decode)):
      count = decode[r]
      low = slots[row]
      high = slots[row + count - 1] + 1
      mask = plan[2 * r]
      place = plan[2 * r + 1]
      length = mask.size(3)
      query = q[row:row + count]
      if high - low > count:
        query = torch.zeros([high - low, H, D], dtype=self.dtype, device=q.device)
        query.index_copy_(0, place, q[row:row + count])
      z = __torch__.attend(query.unsqueeze(2), K[low:high, :, :length], V[low:high, :, :length],
          mask, scale).reshape(high - low, H * D)
      if high - low > count:
        z = z.index_select(0, place)
      attended.append(z)
      row = row + count
    for c in range(len(chunks) // 4):
      s = chunks[4 * c]
      T = chunks[4 * c + 1]
      mask = plan[2 * len(decode) + c]
      end = mask.size(3)
      block = chunks[4 * c + 3]
      if block >= 0:
        self.kept[0][layer, 0, block, :, :T].copy_(k[row:row + T].transpose(0, 1))
        self.kept[0][layer, 1, block, :, :T].copy_(v[row:row + T].transpose(0, 1))
      query = q[row:row + T].transpose(0, 1).unsqueeze(0)
      z = __torch__.attend(query, K[s:s + 1, :, :end], V[s:s + 1, :, :end], mask, scale)
      attended.append(z.squeeze(0).transpose(0, 1).reshape(T, H * D))
      row = row + T
    z = attended[0]
    if len(attended) > 1:
      z = torch.cat(attended, 0)
    return z
