# Attention over the KV cache on a GPU, by its fused kernels. Keys and values are rows of D numbers,
# [S, H, P, D].


# A round of decoding rows attends over one view of the cache: slots low to high (idle ones between them
# are computed and dropped), positions up to the longest row's.
class Round(NamedTuple):
  row : int  # of its first row
  length : int  # its number of rows
  low : int  # its first slot
  high : int  # and the one after its last
  mask : Tensor  # [high - low, 1, 1, L], added to the scores
  place : Tensor  # [length], the rows' places in the view


class AttentionPlan(NamedTuple):
  rounds : List[__torch__.Round]
  masks : List[Tensor]  # of each chunk, added to its scores, [1, 1, T, L]


# Attention of q [B, H, T, D] over k and v [B, H, L, D], with a mask [B or 1, 1, T, L] that is added to
# the scores.
def attend(q: Tensor, k: Tensor, v: Tensor, mask: Tensor, scale: float) -> Tensor:
  if q.size(3) % 8 == 0 and k.size(2) % 8 == 0:
    whole = mask.expand([q.size(0), q.size(1), q.size(2), k.size(2)])  # [B, H, T, L]
    z = __torch__.fused_attention(q, k, v, whole, False, scale)
  else:
    scores = torch.matmul(q * scale, k.transpose(2, 3)) + mask  # [B, H, T, L]
    z = torch.matmul(torch.softmax(scores, -1), v)
  return z  # [B, H, T, D]


# Attention of every position of q, k, v [B, H, T, D] over itself and those before it.
def attend_causally(q: Tensor, k: Tensor, v: Tensor, scale: float) -> Tensor:
  if q.size(3) % 8 == 0:
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
  cache : List[Tensor]  # of each layer, keys and values, [2, S, H, P, D]

  # The KV cache and the prefix cache. One allocation for keys and values: two equal zeros() in one
  # method are merged into one tensor by the optimizer.
  def allocate_cache(self, slots: int, positions: int, head_width: int, blocks: int,
      block_length: int) -> None:
    cache = torch.zeros([2, self.layers, slots, self.heads, positions, head_width],
        dtype=self.dtype, device=torch.device(self.device))
    self.cache = torch.unbind(cache, 1)
    halves = torch.unbind(cache, 0)
    self.keys = torch.unbind(halves[0], 0)
    self.values = torch.unbind(halves[1], 0)
    self.allocate_prefix_cache(head_width, blocks, block_length)

  # Writes keys and values [H, T, D] of positions from `start` on.
  def write_chunk(self, layer: int, slot: int, start: int, k: Tensor, v: Tensor) -> None:
    end = start + k.size(1)
    self.keys[layer][slot, :, start:end].copy_(k)
    self.values[layer][slot, :, start:end].copy_(v)

  def plan_attention(self, batch: __torch__.Batch) -> __torch__.AttentionPlan:
    device = torch.device(self.device)
    length = 0
    for i in range(batch.decoding):
      length = max(length, batch.positions[i] + 1)
    length = __torch__.rounded_up(length, self.keys[0].size(2))
    position = batch.position[:batch.decoding].view(-1, 1, 1, 1)
    mask = torch.zeros([batch.decoding, 1, 1, length], dtype=self.dtype, device=device)
    mask.masked_fill_(torch.arange(length, device=device) > position, self.minus_infinity)
    rounds = annotate(List[__torch__.Round], [])
    row = 0
    for n in batch.rounds:
      low = batch.slots[row]
      high = batch.slots[row + n - 1] + 1
      place = batch.slot[row:row + n] - low
      own = mask[row:row + n]
      if high - low > n:
        own = torch.zeros([high - low, 1, 1, length], dtype=self.dtype, device=device)
        own.index_copy_(0, place, mask[row:row + n])
      rounds.append(__torch__.Round(row, n, low, high, own, place))
      row = row + n
    # A chunk sees what its slot holds before it, and itself up to each position. The kernel wants
    # lengths in multiples of 8; what is behind the chunk is masked.
    masks = annotate(List[Tensor], [])
    for chunk in batch.chunks:
      end = __torch__.rounded_up(chunk.start + chunk.length, self.keys[0].size(2))
      visible = torch.full([chunk.length, end], self.minus_infinity, dtype=self.dtype, device=device)
      masks.append(torch.triu(visible, chunk.start + 1).view(1, 1, chunk.length, end))
    return __torch__.AttentionPlan(rounds, masks)

  # One layer's attention.
  def attention(self, qkv: Tensor, layer: int, batch: __torch__.Batch,
      plan: __torch__.AttentionPlan) -> Tensor:
    q, k, v = torch.unbind(qkv, 1)  # [N, H, D]
    torch.index_put_(self.cache[layer], [None, batch.slot, None, batch.position], qkv[:, 1:])
    attended = annotate(List[Tensor], [])
    for round in plan.rounds:
      attended.append(self.round_attention(q[round.row:round.row + round.length], layer, round))
    for c in range(len(batch.chunks)):
      chunk = batch.chunks[c]
      end = chunk.row + chunk.length
      self.retain(chunk, layer, k[chunk.row:end].transpose(0, 1), v[chunk.row:end].transpose(0, 1))
      attended.append(self.chunk_attention(q[chunk.row:end], layer, chunk, plan.masks[c]))
    z = attended[0]
    if len(attended) > 1:
      z = torch.cat(attended, 0)
    return z  # [N, W]

  # Of a round's queries [n, H, D].
  def round_attention(self, queries: Tensor, layer: int, round: __torch__.Round) -> Tensor:
    H = queries.size(1)
    D = queries.size(2)
    slots = round.high - round.low
    L = round.mask.size(3)
    q = queries
    if slots > round.length:
      q = torch.zeros([slots, H, D], dtype=self.dtype, device=queries.device)
      q.index_copy_(0, round.place, queries)
    k = self.keys[layer][round.low:round.high, :, :L]  # [slots, H, L, D]
    v = self.values[layer][round.low:round.high, :, :L]
    z = __torch__.attend(q.unsqueeze(2), k, v, round.mask, self.scales[layer])
    z = z.reshape(slots, H * D)  # [slots, W]
    if slots > round.length:
      z = z.index_select(0, round.place)
    return z  # [n, W]

  # Of a chunk's queries [T, H, D].
  def chunk_attention(self, queries: Tensor, layer: int, chunk: __torch__.Chunk,
      mask: Tensor) -> Tensor:
    q = queries.transpose(0, 1).unsqueeze(0)  # [1, H, T, D]
    k = self.keys[layer][chunk.slot:chunk.slot + 1, :, :mask.size(3)]  # [1, H, L, D]
    v = self.values[layer][chunk.slot:chunk.slot + 1, :, :mask.size(3)]
    z = __torch__.attend(q, k, v, mask, self.scales[layer])
    return z.squeeze(0).transpose(0, 1).reshape(chunk.length, -1)  # [T, W]
