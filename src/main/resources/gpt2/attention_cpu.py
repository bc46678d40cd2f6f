# Attention over the KV cache on a CPU.
#
# Decoding reads every key and value once and computes little with each, so that what counts is to
# read just those that are needed, in the order in which they lie. The operator that does is
# embedding_bag, which sums rows of a table, each with its weight, for many bags of rows in one call.
# Values are such rows, [S, H, P, D]: their weights are the attention probabilities. Keys lie in
# blocks of 32 positions, [S, H, P / 32, D, 32]: a block's scores are the sum of its D rows, whose
# weights are the numbers of the query.


# Positions in a block of keys.
def key_block() -> int:
  return 32


# What attention of n decoding rows needs in every layer; L is the longest row's positions, in whole
# blocks.
class DecodePlan(NamedTuple):
  slot : Tensor  # [n]
  position : Tensor  # [n]
  block : Tensor  # [n], the block of each row's position
  within : Tensor  # [n], and its place in there
  key_rows : Tensor  # the rows of the keys' table
  key_bags : Tensor  # where each bag of them begins
  value_rows : Tensor  # the rows of the values' table
  value_bags : Tensor  # where each bag of them begins
  hidden : Tensor  # [n, 1, L], which positions come after a row's own
  owner : Tensor  # of each key block that is read, the row and head it belongs to
  place : Tensor  # and its place among all blocks, as if every row had as many as the longest


class AttentionPlan(NamedTuple):
  decode : Optional[__torch__.DecodePlan]
  masks : List[Tensor]  # of each chunk, which of its own positions each does not see, [T, T]


# Attention of every position of q, k, v [B, H, T, D] over itself and those before it.
def attend_causally(q: Tensor, k: Tensor, v: Tensor, scale: float) -> Tensor:
  return torch.scaled_dot_product_attention(q, k, v, None, 0., True, scale=scale)  # [B, H, T, D]


class Gpt2(Module):
  # A slot's keys in rows of positions, [H, D, P], while a chunk attends; then its values [H, P, D] if
  # attention has another type than the cache.
  gathered : List[Tensor]

  # The KV cache and the prefix cache. Positions are written before they are seen, so that their memory
  # need not be touched before: the system gives it when a sequence first uses a slot.
  def allocate_cache(self, slots: int, positions: int, head_width: int, blocks: int,
      block_length: int) -> None:
    C = __torch__.key_block()
    key_blocks = (positions + C - 1) // C
    cache = torch.empty([2, self.layers, slots, self.heads, key_blocks * C, head_width],
        dtype=self.cache_dtype)
    halves = torch.unbind(cache, 0)
    self.keys = torch.unbind(halves[0].view(self.layers, slots, self.heads, key_blocks, head_width, C),
        0)
    self.values = torch.unbind(halves[1], 0)
    # Rows that are no multiple of 4 KiB long, for these would share the same lines of a core's cache.
    self.gathered = [torch.empty([self.heads, head_width, key_blocks * C + 16], dtype=self.dtype)]
    if self.dtype != self.cache_dtype:
      self.gathered.append(torch.empty([self.heads, key_blocks * C, head_width], dtype=self.dtype))
    self.allocate_prefix_cache(head_width, blocks, block_length)

  # Writes keys and values [H, T, D] of positions from `start` on.
  def write_chunk(self, layer: int, slot: int, start: int, k: Tensor, v: Tensor) -> None:
    C = __torch__.key_block()
    T = k.size(1)
    self.values[layer][slot, :, start:start + T].copy_(v)
    keys = self.keys[layer][slot]  # [H, P / C, D, C]
    block = start // C
    within = start % C
    some = min((C - within) % C, T)
    if some > 0:
      keys[:, block, :, within:within + some].copy_(k[:, :some].transpose(1, 2))
      block = block + 1
    whole = (T - some) // C
    if whole > 0:
      blocks = k[:, some:some + C * whole].reshape(k.size(0), whole, C, k.size(2))
      keys[:, block:block + whole].copy_(blocks.transpose(2, 3))
    rest = T - some - C * whole
    if rest > 0:
      keys[:, block + whole, :, :rest].copy_(k[:, T - rest:].transpose(1, 2))

  def plan_attention(self, batch: __torch__.Batch) -> __torch__.AttentionPlan:
    decode = annotate(Optional[__torch__.DecodePlan], None)
    if batch.decoding > 0:
      decode = self.plan_decode(batch)
    masks = annotate(List[Tensor], [])
    for chunk in batch.chunks:
      square = torch.full([chunk.length, chunk.length], self.minus_infinity, dtype=self.dtype)
      masks.append(torch.triu(square, 1))
    return __torch__.AttentionPlan(decode, masks)

  def plan_decode(self, batch: __torch__.Batch) -> __torch__.DecodePlan:
    C = __torch__.key_block()
    H = self.heads
    n = batch.decoding
    slot = batch.slot[:n]
    position = batch.position[:n]
    keys = self.keys[0]  # [S, H, P / C, D, C]
    D = keys.size(3)
    most = 0
    sum = 0
    for i in range(n):
      most = max(most, batch.positions[i] // C + 1)
      sum = sum + batch.positions[i] // C + 1
    counts = (position // C + 1).unsqueeze(1).expand(n, H).reshape(-1)  # [n H]
    ends = torch.cumsum(counts, 0)
    begins = ends - counts
    owner = torch.arange(n * H)
    if sum < n * most:
      owner = torch.repeat_interleave(owner, counts)
    else:
      owner = owner.unsqueeze(1).expand(n * H, most).reshape(-1)
    number = torch.arange(owner.size(0)) - begins.index_select(0, owner)
    tables = (slot.unsqueeze(1) * H + torch.arange(H)).view(-1) * keys.size(2)  # [n H]
    block = torch.to(tables.index_select(0, owner) + number, dtype=__torch__.int32()).unsqueeze(1)
    # Behind a row's own position there may be what is no number: its own stands there instead.
    own = tables * C + position.unsqueeze(1).expand(n, H).reshape(-1)
    last = torch.to(own, dtype=__torch__.int32()).index_select(0, owner).unsqueeze(1)
    return __torch__.DecodePlan(
        slot,
        position,
        position // C,
        position % C,
        (block * D + torch.arange(D, dtype=__torch__.int32())).view(-1),
        torch.arange(owner.size(0), dtype=__torch__.int32()) * D,
        torch.minimum(block * C + torch.arange(C, dtype=__torch__.int32()), last).view(-1),
        torch.to(begins * C, dtype=__torch__.int32()),
        torch.arange(most * C) > position.view(-1, 1, 1),
        owner,
        owner * most + number)

  # One layer's attention.
  def attention(self, qkv: Tensor, layer: int, batch: __torch__.Batch,
      plan: __torch__.AttentionPlan) -> Tensor:
    n = batch.decoding
    z = torch.empty([0, 0], dtype=self.dtype)
    decode = plan.decode
    if decode is not None:
      z = self.decode_attention(qkv[:n], layer, decode)  # [n, W]
    if len(batch.chunks) > 0:
      decoded = z
      z = torch.empty([qkv.size(0), qkv.size(2) * qkv.size(3)], dtype=self.dtype)  # [N, W]
      if n > 0:
        z[:n].copy_(decoded)
      self.write_prompts(qkv[n:], layer, batch.chunks)
      q = qkv[:, 0] * self.scales[layer]  # [N, H, D]
      for c in range(len(batch.chunks)):
        chunk = batch.chunks[c]
        gathered = 0
        if c > 0 and __torch__.continues(chunk, batch.chunks[c - 1]):
          gathered = chunk.start
        end = chunk.row + chunk.length
        rows = z[chunk.row:end].view(chunk.length, qkv.size(2), qkv.size(3))  # [T, H, D]
        rows.transpose(0, 1).copy_(self.chunk_attention(q[chunk.row:end], layer, chunk, gathered,
            plan.masks[c]))
    return z  # [N, W]

  # Of the decoding rows' queries, keys and values [n, 3, H, D].
  def decode_attention(self, qkv: Tensor, layer: int, plan: __torch__.DecodePlan) -> Tensor:
    C = __torch__.key_block()
    n = qkv.size(0)
    H = qkv.size(2)
    D = qkv.size(3)
    K = self.keys[layer]  # [S, H, P / C, D, C]
    V = self.values[layer]  # [S, H, P, D]
    new = torch.to(qkv[:, 1:], dtype=self.cache_dtype)  # [n, 2, H, D]
    torch.index_put_(K, [plan.slot, None, plan.block, None, plan.within], new[:, 0])
    torch.index_put_(V, [plan.slot, None, plan.position], new[:, 1])
    L = plan.hidden.size(2)
    ragged = plan.owner.size(0) < n * H * L // C
    q = torch.to(qkv[:, 0] * self.scales[layer], dtype=self.cache_dtype).view(n * H, D)  # [n H, D]
    if ragged:
      weights = q.index_select(0, plan.owner)
    else:
      weights = q.unsqueeze(1).expand(n * H, L // C, D)
    scores, x1, x2, x3 = torch.embedding_bag(K.view(-1, C), plan.key_rows, plan.key_bags, False, 0,
        False, weights.reshape(-1))
    if ragged:
      some = scores
      scores = torch.zeros([n * H * L // C, C], dtype=self.cache_dtype)
      scores.index_copy_(0, plan.place, some)
    scores = torch.to(scores, dtype=__torch__.float32()).view(n, H, L)  # [n, H, L]
    p = torch.softmax(scores.masked_fill_(plan.hidden, self.minus_infinity), -1)  # [n, H, L]
    p = torch.to(p, dtype=self.cache_dtype).view(-1, C)  # [n H L / C, C]
    if ragged:
      p = p.index_select(0, plan.place)
    z, y1, y2, y3 = torch.embedding_bag(V.view(-1, D), plan.value_rows, plan.value_bags, False, 0,
        False, p.view(-1))
    return torch.to(z, dtype=self.dtype).view(n, H * D)  # [n, W]

  # Writes the chunks' keys and values, of their queries, keys and values [T, 3, H, D]; chunks that
  # continue the one before are written with it.
  def write_prompts(self, qkv: Tensor, layer: int, chunks: List[__torch__.Chunk]) -> None:
    q, k, v = torch.unbind(qkv.transpose(0, 2), 1)  # [H, T, D]
    begin = 0
    row = 0
    first = chunks[0]
    for c in range(len(chunks)):
      chunk = chunks[c]
      end = row + chunk.length
      self.retain(chunk, layer, k[:, row:end], v[:, row:end])
      row = end
      if c == len(chunks) - 1 or not __torch__.continues(chunks[c + 1], chunk):
        self.write_chunk(layer, first.slot, first.start, k[:, begin:row], v[:, begin:row])
        begin = row
        if c < len(chunks) - 1:
          first = chunks[c + 1]

  # Attention of a chunk's queries [T, H, D], which sees what its slot holds before it and itself. The
  # first `gathered` positions of the slot are where the chunk before has put them.
  def chunk_attention(self, queries: Tensor, layer: int, chunk: __torch__.Chunk, gathered: int,
      mask: Tensor) -> Tensor:
    L = chunk.start + chunk.length
    self.gather(layer, chunk.slot, gathered, L)
    V = self.values[layer][chunk.slot]  # [H, P, D]
    if len(self.gathered) > 1:
      V = self.gathered[1]
    scores = torch.matmul(queries.transpose(0, 1), self.gathered[0][:, :, :L])  # [H, T, L]
    scores[:, :, chunk.start:].add_(mask)
    return torch.matmul(torch.softmax(scores, -1), V[:, :L])  # [H, T, D]

  # Puts a slot's keys of positions from `begin` to `end` into rows of positions, and its values into
  # the type of attention if they have another. They lie at the same places however long the prompt is
  # and whatever else is in the step, which the products' last bits could depend on.
  def gather(self, layer: int, slot: int, begin: int, end: int) -> None:
    C = __torch__.key_block()
    first = begin // C
    blocks = (end + C - 1) // C
    keys = self.keys[layer][slot, :, first:blocks]  # [H, blocks, D, C]
    rows = self.gathered[0][:, :, C * first:C * blocks]
    rows.view(keys.size(0), keys.size(2), blocks - first, C).copy_(torch.permute(keys, [0, 2, 1, 3]))
    if len(self.gathered) > 1:
      self.gathered[1][:, begin:end].copy_(self.values[layer][slot, :, begin:end])
