  # Continues class Gpt2 of gpt2.py: attention over the KV cache on a CPU.
  #
  # Decoding reads every key and value once and computes little with each, so that what counts is to
  # read just those that are needed, in the order in which they lie. The operator that does is
  # embedding_bag, which sums rows of a table, each with its weight, for many bags of rows in one call.
  # Values are such rows, [S, H, P, D]: their weights are the attention probabilities. Keys lie in
  # blocks of 32 positions, [S, H, P / 32, D, 32]: a block's scores are the sum of its D rows, whose
  # weights are the numbers of the query.

  # The KV cache and the prefix cache. Positions are written before they are seen, so that their memory
  # need not be touched before: the system gives it when a sequence first uses a slot.
  def allocate_cache(self: __torch__.Gpt2, slots: int, positions: int, head_width: int, blocks: int,
      block_length: int) -> None:
    key_blocks = (positions + 31) // 32
    cache = torch.empty([2, self.layers, slots, self.heads, key_blocks * 32, head_width],
        dtype=self.cache_dtype)
    halves = torch.unbind(cache, 0)
    self.keys = torch.unbind(halves[0].view(self.layers, slots, self.heads, key_blocks, head_width,
        32), 0)
    self.values = torch.unbind(halves[1], 0)
    # Rows that are no multiple of 4 KiB long, for these would share the same lines of a core's cache.
    self.gathered = [torch.empty([self.heads, head_width, key_blocks * 32 + 16], dtype=self.dtype)]
    if self.dtype != self.cache_dtype:
      self.gathered.append(torch.empty([self.heads, key_blocks * 32, head_width], dtype=self.dtype))
    self.allocate_kept(head_width, blocks, block_length)

  # Writes keys and values [H, T, D] of positions from `start` on.
  def write_piece(self: __torch__.Gpt2, layer: int, slot: int, start: int, k: Tensor,
      v: Tensor) -> None:
    T = k.size(1)
    self.values[layer][slot, :, start:start + T].copy_(v)
    keys = self.keys[layer][slot]
    block = start // 32
    within = start % 32
    some = min((32 - within) % 32, T)
    if some > 0:
      keys[:, block, :, within:within + some].copy_(k[:, :some].transpose(1, 2))
      block = block + 1
    whole = (T - some) // 32
    if whole > 0:
      blocks = k[:, some:some + 32 * whole].reshape(k.size(0), whole, 32, k.size(2))
      keys[:, block:block + whole].copy_(blocks.transpose(2, 3))
    rest = T - some - 32 * whole
    if rest > 0:
      keys[:, block + whole, :, :rest].copy_(k[:, T - rest:].transpose(1, 2))

  # Copies pieces of prompts from their blocks to their slots; returns their outputs.
  def copy_kept(self: __torch__.Gpt2, copied: List[int]) -> List[Tensor]:
    outputs = annotate(List[Tensor], [])
    for c in range(len(copied) // 4):
      T = copied[4 * c + 1]
      block = copied[4 * c + 3]
      for l in range(self.layers):
        kept = self.kept[0][l]
        self.write_piece(l, copied[4 * c], copied[4 * c + 2], kept[0, block, :, :T],
            kept[1, block, :, :T])
      outputs.append(self.kept[1][block, :T])
    return outputs

  # What attention needs to know in every layer. Of the decoding rows: the rows of the keys' table and
  # where its bags begin, the same of the values, which positions come after a row's own [n, 1, L],
  # of each key block that is read the row and head it belongs to and its place among all blocks, as if
  # every row had as many as the longest, the block of each row's position and its place in there. Then
  # of each prompt piece which of its own positions each of them does not see, [T, T].
  def plan_attention(self: __torch__.Gpt2, ids: Tensor, positions: List[int], slots: List[int],
      decode: List[int], chunks: List[int]) -> List[Tensor]:
    N = len(positions)
    H = self.heads
    n = __torch__.total(decode)
    plan = annotate(List[Tensor], [])
    if n > 0:
      keys = self.keys[0]
      D = keys.size(3)
      position = ids[N:N + n]
      most = 0
      sum = 0
      for i in range(n):
        most = max(most, positions[i] // 32 + 1)
        sum = sum + positions[i] // 32 + 1
      counts = (position // 32 + 1).unsqueeze(1).expand(n, H).reshape(-1)
      ends = torch.cumsum(counts, 0)
      begins = ends - counts
      owner = torch.arange(n * H)
      if sum < n * most:
        owner = torch.repeat_interleave(owner, counts)
      else:
        owner = owner.unsqueeze(1).expand(n * H, most).reshape(-1)
      number = torch.arange(owner.size(0)) - begins.index_select(0, owner)
      tables = (ids[2 * N:2 * N + n].unsqueeze(1) * H + torch.arange(H)).view(-1) * keys.size(2)
      block = torch.to(tables.index_select(0, owner) + number, dtype=3).unsqueeze(1)
      plan.append((block * D + torch.arange(D, dtype=3)).view(-1))
      plan.append(torch.arange(owner.size(0), dtype=3) * D)
      # Behind a row's own position there may be what is no number: its own stands there instead.
      last = torch.to(tables * 32 + position.unsqueeze(1).expand(n, H).reshape(-1), dtype=3)
      plan.append(torch.minimum(block * 32 + torch.arange(32, dtype=3),
          last.index_select(0, owner).unsqueeze(1)).view(-1))
      plan.append(torch.to(begins * 32, dtype=3))
      plan.append(torch.arange(most * 32) > position.view(-1, 1, 1))
      plan.append(owner)
      plan.append(owner * most + number)
      plan.append(position // 32)
      plan.append(position % 32)
    for c in range(len(chunks) // 4):
      T = chunks[4 * c + 1]
      plan.append(torch.triu(torch.full([T, T], self.minus_infinity, dtype=self.dtype), 1))
    return plan

  # One layer's attention, [N, W], of queries, keys and values [N, 3, H, D].
  def attention(self: __torch__.Gpt2, heads: Tensor, layer: int, ids: Tensor, slots: List[int],
      decode: List[int], chunks: List[int], plan: List[Tensor]) -> Tensor:
    n = __torch__.total(decode)
    z = torch.empty([0, 0], dtype=self.dtype)
    masks = 0
    if n > 0:
      z = self.decode_attention(heads, layer, ids, n, plan)
      masks = 9
    if len(chunks) > 0:
      N = heads.size(0)
      decoded = z
      z = torch.empty([N, heads.size(2) * heads.size(3)], dtype=self.dtype)
      if n > 0:
        z[:n].copy_(decoded)
      self.write_prompts(heads[n:], layer, chunks)
      q = heads[:, 0] * self.scales[layer]
      row = n
      for c in range(len(chunks) // 4):
        T = chunks[4 * c + 1]
        gathered = 0
        if __torch__.goes_on(chunks, c):
          gathered = chunks[4 * c + 2]
        rows = z[row:row + T].view(T, heads.size(2), heads.size(3))
        rows.transpose(0, 1).copy_(self.piece_attention(q[row:row + T], layer, chunks[4 * c],
            chunks[4 * c + 2], gathered, plan[masks + c]))
        row = row + T
    return z

  # Of the first n rows, [n, W].
  def decode_attention(self: __torch__.Gpt2, heads: Tensor, layer: int, ids: Tensor, n: int,
      plan: List[Tensor]) -> Tensor:
    N = heads.size(0)
    H = heads.size(2)
    D = heads.size(3)
    K = self.keys[layer]
    V = self.values[layer]
    position = ids[N:N + n]
    slot = ids[2 * N:2 * N + n]

    key_rows, key_bags, value_rows, value_bags, hidden, owner, place, block, within = plan[:9]
    new = torch.to(heads[:n, 1:], dtype=self.cache_dtype)
    torch.index_put_(K, [slot, None, block, None, within], new[:, 0])
    torch.index_put_(V, [slot, None, position], new[:, 1])
    L = hidden.size(2)
    ragged = owner.size(0) < n * H * L // 32
    q = torch.to(heads[:n, 0] * self.scales[layer], dtype=self.cache_dtype).view(n * H, D)
    if ragged:
      weights = q.index_select(0, owner)
    else:
      weights = q.unsqueeze(1).expand(n * H, L // 32, D)
    scores, x1, x2, x3 = torch.embedding_bag(K.view(-1, 32), key_rows, key_bags, False, 0, False,
        weights.reshape(-1))
    if ragged:
      some = scores
      scores = torch.zeros([n * H * L // 32, 32], dtype=self.cache_dtype)
      scores.index_copy_(0, place, some)
    scores = torch.to(scores, dtype=6).view(n, H, L)
    p = torch.softmax(scores.masked_fill_(hidden, self.minus_infinity), -1)
    p = torch.to(p, dtype=self.cache_dtype).view(-1, 32)
    if ragged:
      p = p.index_select(0, place)
    z, y1, y2, y3 = torch.embedding_bag(V.view(-1, D), value_rows, value_bags, False, 0, False,
        p.view(-1))
    return torch.to(z, dtype=self.dtype).view(n, H * D)

  # Writes keys and values of pieces of prompts, of queries, keys and values [N, 3, H, D]; pieces that
  # go on where the one before ends are written with it.
  def write_prompts(self: __torch__.Gpt2, heads: Tensor, layer: int, chunks: List[int]) -> None:
    C = len(chunks) // 4
    q, k, v = torch.unbind(heads.transpose(0, 2), 1)
    begin = 0
    first = 0
    row = 0
    for c in range(C):
      T = chunks[4 * c + 1]
      block = chunks[4 * c + 3]
      if block >= 0:
        self.kept[0][layer, 0, block, :, :T].copy_(k[:, row:row + T])
        self.kept[0][layer, 1, block, :, :T].copy_(v[:, row:row + T])
      row = row + T
      if c == C - 1 or not __torch__.goes_on(chunks, c + 1):
        self.write_piece(layer, chunks[4 * first], chunks[4 * first + 2], k[:, begin:row],
            v[:, begin:row])
        begin = row
        first = c + 1

  # Of the queries of a piece of a prompt, [T, H, D], which sees what its slot holds before it and
  # itself: [H, T, D]. The first `gathered` positions of the slot are where the piece before has put them.
  def piece_attention(self: __torch__.Gpt2, queries: Tensor, layer: int, slot: int, start: int,
      gathered: int, hidden: Tensor) -> Tensor:
    L = start + queries.size(0)
    self.gather(layer, slot, gathered, L)
    V = self.values[layer][slot]
    if len(self.gathered) > 1:
      V = self.gathered[1]
    scores = torch.matmul(queries.transpose(0, 1), self.gathered[0][:, :, :L])
    scores[:, :, start:].add_(hidden)
    return torch.matmul(torch.softmax(scores, -1), V[:, :L])

  # Puts a slot's keys of positions from `begin` to `end` into rows of positions, [H, D, P], and its
  # values into the type of attention if they have another, [H, P, D]. They lie at the same places
  # however long the prompt is and whatever else is in the step, which the products' last bits could
  # depend on.
  def gather(self: __torch__.Gpt2, layer: int, slot: int, begin: int, end: int) -> None:
    first = begin // 32
    blocks = (end + 31) // 32
    keys = self.keys[layer][slot, :, first:blocks]
    rows = self.gathered[0][:, :, 32 * first:32 * blocks]
    rows.view(keys.size(0), keys.size(2), blocks - first, 32).copy_(torch.permute(keys, [0, 2, 1, 3]))
    if len(self.gathered) > 1:
      self.gathered[1][:, begin:end].copy_(self.values[layer][slot, :, begin:end])
