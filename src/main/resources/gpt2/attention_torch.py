# Attention over the KV cache by libtorch's operators, on a GPU by its fused kernels. Keys and values are
# rows of D numbers, [2, layers, S, H, P, D], and so they are in the prefix cache, [2, layers, B, H, C, D].


# The decoding sequences attend over one view of the cache: slots low to high (idle ones between them are
# computed and dropped), positions up to the longest sequence's.
class DecodePlan(NamedTuple):
  rows : int  # the number of decoding rows
  low : int  # the first slot
  high : int  # and the one after the last
  width : int  # the largest number of rows of a sequence
  mask : Tensor  # [high - low, 1, width, L], added to the scores
  place : Tensor  # [rows], the rows' places among the view's (high - low) * width


class AttentionPlan(NamedTuple):
  decode : Optional[__torch__.DecodePlan]
  masks : List[Tensor]  # of each prompt chunk, added to its scores, [1, 1, T, L]


# Attention of q [B, H, T, D] over k and v [B, H, L, D], with a mask [B or 1, 1, T, L] that is added to
# the scores.
def attend(q: Tensor, k: Tensor, v: Tensor, mask: Tensor, scale: float) -> Tensor:
  if q.is_cuda and q.size(3) % 8 == 0 and k.size(2) % 8 == 0:
    whole = mask.expand([q.size(0), q.size(1), q.size(2), k.size(2)])  # [B, H, T, L]
    z = __torch__.fused_attention(q, k, v, whole, False, scale)
  else:
    scores = torch.matmul(q * scale, k.transpose(2, 3)) + mask  # [B, H, T, L]
    z = torch.matmul(torch.softmax(scores, -1), v)
  return z  # [B, H, T, D]


# Attention of every position of q, k, v [B, H, T, D] over itself and those before it.
def attend_causally(q: Tensor, k: Tensor, v: Tensor, scale: float) -> Tensor:
  if q.is_cuda and q.size(3) % 8 == 0:
    z = __torch__.fused_attention(q, k, v, None, True, scale)
  else:
    z = torch.scaled_dot_product_attention(q, k, v, None, 0., True, scale=scale)
  return z  # [B, H, T, D]


# One kernel of libtorch's for GPUs, by its name. Left to choose, libtorch takes cuDNN's on some GPUs,
# which compiles for each length that it has not met: a pause of 50 ms for all, seen on an H200.
def fused_attention(q: Tensor, k: Tensor, v: Tensor, mask: Optional[Tensor], causal: bool,
    scale: float) -> Tensor:
  z, sums, seed, offset = torch._scaled_dot_product_efficient_attention(q, k, v, mask, False, 0.,
      causal, scale=scale)
  return z  # [B, H, T, D]


# A length that the kernels are fast with, within the cache's.
def rounded_up(length: int, limit: int) -> int:
  return min((length + 15) // 16 * 16, limit)


class Gpt2(Module):

  # The KV cache and the prefix cache. Positions that are not written yet are masked, and must be numbers
  # for that.
  def allocate_caches(self, slots: int, positions: int, head_width: int, blocks: int,
      block_length: int) -> None:
    cache = self.zero_cache(slots, positions, head_width)
    self.kv_cache = [cache]
    self.prefix_cache = [self.zero_cache(blocks, block_length, head_width)]
    halves = torch.unbind(cache, 0)
    self.keys = torch.unbind(halves[0], 0)
    self.values = torch.unbind(halves[1], 0)

  # One allocation for keys and values: two equal zeros() in one method are merged into one tensor by the
  # optimizer.
  def zero_cache(self, count: int, positions: int, head_width: int) -> Tensor:
    return torch.zeros([2, self.layers, count, self.heads, positions, head_width],
        dtype=self.cache_dtype, device=torch.device(self.device))

  def places(self, slot: int, start: int, length: int, block: int) -> List[__torch__.Place]:
    return [__torch__.Place(self.kv_cache[0][:, :, slot, :, start:start + length],
        self.prefix_cache[0][:, :, block, :, :length])]

  # Copies keys and values from a slot to another with the same tokens before them: four numbers of each
  # copy, both slots, the first position and the one after the last.
  def fork(self, copies: List[int]) -> None:
    cache = self.kv_cache[0]
    for i in range(0, len(copies), 4):
      source, target, start, end = copies[i:i + 4]
      cache[:, :, target, :, start:end].copy_(cache[:, :, source, :, start:end])

  def plan_attention(self, batch: __torch__.Batch) -> __torch__.AttentionPlan:
    decode = annotate(Optional[__torch__.DecodePlan], None)
    if batch.decoding > 0:
      decode = self.plan_decode(batch)
    # A chunk sees what its slot holds before it, and itself up to each position. The kernel wants
    # lengths in multiples of 8; what is behind the chunk is masked.
    masks = annotate(List[Tensor], [])
    for chunk in batch.chunks[batch.decoding:]:
      end = __torch__.rounded_up(chunk.start + chunk.length, self.keys[0].size(2))
      hidden = torch.full([chunk.length, end], self.minus_infinity, dtype=self.dtype,
          device=torch.device(self.device))
      masks.append(torch.triu(hidden, chunk.start + 1).view(1, 1, chunk.length, end))
    return __torch__.AttentionPlan(decode, masks)

  def plan_decode(self, batch: __torch__.Batch) -> __torch__.DecodePlan:
    chunks = batch.chunks[:batch.decoding]
    low = chunks[0].slot
    high = chunks[-1].slot + 1
    rows = 0
    width = 0
    length = 0
    for chunk in chunks:
      rows = rows + chunk.length
      width = max(width, chunk.length)
      length = max(length, chunk.start + chunk.length)
    length = __torch__.rounded_up(length, self.keys[0].size(2))
    places = annotate(List[int], [])
    for chunk in chunks:
      for i in range(chunk.length):
        places.append((chunk.slot - low) * width + i)
    place = self.ids_of(places)
    device = torch.device(self.device)
    mask = torch.zeros([rows, length], dtype=self.dtype, device=device)
    mask.masked_fill_(torch.arange(length, device=device) > batch.position[:rows].unsqueeze(1),
        self.minus_infinity)
    if rows < (high - low) * width:
      own = mask
      mask = torch.zeros([(high - low) * width, length], dtype=self.dtype, device=device)
      mask.index_copy_(0, place, own)
    return __torch__.DecodePlan(rows, low, high, width, mask.view(high - low, 1, width, length), place)

  # One layer's attention.
  def attention(self, qkv: Tensor, layer: int, batch: __torch__.Batch,
      plan: __torch__.AttentionPlan) -> Tensor:
    torch.index_put_(self.kv_cache[0][:, layer], [None, batch.slot, None, batch.position], qkv[:, 1:])
    q = qkv[:, 0]  # [N, H, D]
    attended = annotate(List[Tensor], [])
    decode = plan.decode
    if decode is not None:
      attended.append(self.decode_attention(q[:decode.rows], layer, decode))
    for i in range(len(plan.masks)):
      chunk = batch.chunks[batch.decoding + i]
      rows = q[chunk.row:chunk.row + chunk.length]
      attended.append(self.chunk_attention(rows, layer, chunk, plan.masks[i]))
    z = attended[0]
    if len(attended) > 1:
      z = torch.cat(attended, 0)
    return z  # [N, W]

  # Of the decoding rows' queries [n, H, D].
  def decode_attention(self, queries: Tensor, layer: int, plan: __torch__.DecodePlan) -> Tensor:
    H = queries.size(1)
    D = queries.size(2)
    all = (plan.high - plan.low) * plan.width
    L = plan.mask.size(3)
    q = queries
    if all > plan.rows:
      q = torch.zeros([all, H, D], dtype=self.dtype, device=queries.device)
      q.index_copy_(0, plan.place, queries)
    q = q.view(plan.high - plan.low, plan.width, H, D).transpose(1, 2)  # [slots, H, width, D]
    k = self.keys[layer][plan.low:plan.high, :, :L]  # [slots, H, L, D]
    v = self.values[layer][plan.low:plan.high, :, :L]
    z = __torch__.attend(q, k, v, plan.mask, self.scales[layer])  # [slots, H, width, D]
    z = z.transpose(1, 2).reshape(all, H * D)  # [all, W]
    if all > plan.rows:
      z = z.index_select(0, plan.place)
    return z  # [n, W]

  # Of a prompt chunk's queries [T, H, D].
  def chunk_attention(self, queries: Tensor, layer: int, chunk: __torch__.Chunk,
      mask: Tensor) -> Tensor:
    q = queries.transpose(0, 1).unsqueeze(0)  # [1, H, T, D]
    k = self.keys[layer][chunk.slot:chunk.slot + 1, :, :mask.size(3)]  # [1, H, L, D]
    v = self.values[layer][chunk.slot:chunk.slot + 1, :, :mask.size(3)]
    z = __torch__.attend(q, k, v, mask, self.scales[layer])
    return z.squeeze(0).transpose(0, 1).reshape(chunk.length, -1)  # [T, W]
