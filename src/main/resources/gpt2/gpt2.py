# GPT-2's forward pass over a batch of running sequences, as TorchScript.
#
# This text is what libtorch executes: the server packs it, with one of the linear_*.py files in
# front of it and one of the int8_*.py files behind it, into a TorchScript archive at start-up. It is written in the dialect that such
# archives use, a small subset of Python. Names follow the checkpoint: wte, ln_1, c_attn, ...
#
# Shapes: N rows (one per token of the step), W width, H heads, D = W / H, S slots, P positions,
# B blocks of the prefix cache, V vocabulary. dtype codes: 0 uint8, 1 int8, 4 int64, 5 float16,
# 6 float32, 7 float64, 12 quantized int8, 15 bfloat16. `weight_dtype` is that of the blocks' linear
# layers, with int8 of those that are not quantized; `dtype` is that of attention, `cache_dtype` that
# of its cache.
#
# One of the attention_*.py files continues the class with attention over the KV cache.


def layer_norm(x: Tensor, weight: Tensor, bias: Tensor, eps: float) -> Tensor:
  return torch.layer_norm(x, [x.size(-1)], weight, bias, eps)


# A row, twice if there is only one: a sum over one long row alone is split among the threads, and
# its last bits would differ from those of the same row among others.
def never_alone(rows: Tensor) -> Tensor:
  x = rows
  if x.size(0) == 1:
    x = torch.cat([x, x], 0)
  return x


# Attention of queries [B, H, T, D] over keys and values [B, H, L, D], with a mask that is added to the
# scores [B or 1, 1, T, L].
def attend(q: Tensor, k: Tensor, v: Tensor, mask: Tensor, scale: float) -> Tensor:
  if q.is_cuda and q.size(3) % 8 == 0 and k.size(2) % 8 == 0:
    z = __torch__.fused_attention(q, k, v, mask.expand([q.size(0), q.size(1), q.size(2), k.size(2)]),
        False, scale)
  else:
    scores = torch.matmul(q * scale, k.transpose(2, 3)) + mask
    z = torch.matmul(torch.softmax(scores, -1), v)
  return z


# Attention of every position over itself and those before it: q, k, v are [B, H, T, D].
def attend_causally(q: Tensor, k: Tensor, v: Tensor, scale: float) -> Tensor:
  if q.is_cuda and q.size(3) % 8 == 0:
    z = __torch__.fused_attention(q, k, v, None, True, scale)
  else:
    z = torch.scaled_dot_product_attention(q, k, v, None, 0., True, scale=scale)
  return z


# One kernel of libtorch's for GPUs, by its name. Left to choose, libtorch takes cuDNN's on some GPUs,
# which compiles for each length that it has not met: a pause of 50 ms for everybody, seen on an H200.
def fused_attention(q: Tensor, k: Tensor, v: Tensor, mask: Optional[Tensor], causal: bool,
    scale: float) -> Tensor:
  z, sums, seed, offset = torch._scaled_dot_product_efficient_attention(q, k, v, mask, False, 0.,
      causal, scale=scale)
  return z


# A tensor in the host's memory, its numbers in order and nothing between them, as Java reads them. From
# a GPU it comes into page-locked memory, 40 times as fast.
def on_host(t: Tensor) -> Tensor:
  host = t.contiguous()
  if t.is_cuda:
    host = torch.empty(t.size(), dtype=t.dtype, layout=0, device=torch.device("cpu"), pin_memory=True)
    host.copy_(t)
  return host


def total(counts: List[int]) -> int:
  sum = 0
  for count in counts:
    sum = sum + count
  return sum


# Whether a piece of a prompt begins where the piece before it ends.
def goes_on(chunks: List[int], c: int) -> bool:
  on = False
  if c > 0:
    end = chunks[4 * c - 2] + chunks[4 * c - 3]
    on = chunks[4 * c - 4] == chunks[4 * c] and end == chunks[4 * c + 2]
  return on


class Gpt2(Module):
  __parameters__ = []
  __buffers__ = []
  training : bool
  _is_full_backward_hook : Optional[bool]
  device : str
  dtype : int
  cache_dtype : int
  weight_dtype : int
  layers : int
  heads : int
  activation : str
  activation_minimum : float
  eps : float
  minus_infinity : float
  scales : List[float]
  embeddings : List[Tensor]
  blocks : List[Tensor]
  head : List[Tensor]
  quantized : List[__torch__.torch.classes.quantized.LinearPackedParamsBase]
  integers : List[Tensor]
  calibration : List[Tensor]
  cache : List[Tensor]
  keys : List[Tensor]
  values : List[Tensor]
  kept : List[Tensor]
  gathered : List[Tensor]

  # Receives wte [V, W] and wpe [P, W].
  # Every tensor is copied: what comes in is memory that the caller frees.
  def load_embeddings(self: __torch__.Gpt2, wte: Tensor, wpe: Tensor) -> None:
    self.embeddings = [self.take(wte, 6), self.take(wpe, 6)]

  # Receives ln_f's weight and bias [W].
  def load_final_norm(self: __torch__.Gpt2, ln_f_weight: Tensor, ln_f_bias: Tensor) -> None:
    self.head = [self.take(ln_f_weight, 6), self.take(ln_f_bias, 6)]

  # The same and the unembedding [V, W], which stays in float32 whatever the
  # other weights are: GPT-2's logits are around -100, where bfloat16 steps by half a nat.
  def load_head(self: __torch__.Gpt2, ln_f_weight: Tensor, ln_f_bias: Tensor, lm_head: Tensor) -> None:
    bias = torch.zeros([lm_head.size(0)], dtype=6, device=torch.device(self.device))
    self.load_final_norm(ln_f_weight, ln_f_bias)
    self.head = self.head + [__torch__.pack(self.on_device(lm_head, 6)), bias]

  # The same with the unembedding in float16, whose products are summed in float32.
  def load_half_head(self: __torch__.Gpt2, ln_f_weight: Tensor, ln_f_bias: Tensor,
      lm_head: Tensor) -> None:
    self.quantized.append(ops.quantized.linear_prepack_fp16(torch.to(lm_head, dtype=6), None))
    self.load_final_norm(ln_f_weight, ln_f_bias)

  # Receives one block's twelve tensors in checkpoint order: ln_1, attn.c_attn, attn.c_proj, ln_2,
  # mlp.c_fc, mlp.c_proj, of each the weight and the bias. Matrices are stored [in, out].
  def load_block(self: __torch__.Gpt2, tensors: List[Tensor]) -> None:
    for i in range(12):
      t = tensors[i]
      if t.dim() == 2:
        self.blocks.append(__torch__.pack(self.on_device(t.t(), self.weight_dtype)))
      elif i == 0 or i == 1 or i == 6 or i == 7:
        self.blocks.append(self.take(t, 6))
      else:
        self.blocks.append(self.take(t, self.weight_dtype))

  # A copy of bytes, as the numbers whose bits they are.
  def numbers(self: __torch__.Gpt2, bytes: Tensor, dtype: int) -> Tensor:
    return torch.view_copy(bytes, dtype=dtype)

  # A view of numbers in whatever order they lie.
  def strided(self: __torch__.Gpt2, t: Tensor, shape: List[int], strides: List[int]) -> Tensor:
    return torch.as_strided(t, shape, strides)

  def take(self: __torch__.Gpt2, t: Tensor, dtype: int) -> Tensor:
    return torch.clone(self.on_device(t, dtype), memory_format=0)

  # May be the very memory that came in.
  def on_device(self: __torch__.Gpt2, t: Tensor, dtype: int) -> Tensor:
    return torch.to(t, device=torch.device(self.device), dtype=dtype)

  # The prefix cache: blocks that keep a piece of a prompt each, its keys and values of every layer and
  # the last block's output, from which logits can be had again. Blocks are written before they are
  # read, so that their memory need not be touched before.
  def allocate_kept(self: __torch__.Gpt2, head_width: int, blocks: int, block_length: int) -> None:
    device = torch.device(self.device)
    self.kept = [
        torch.empty([self.layers, 2, blocks, self.heads, block_length, head_width],
            dtype=self.cache_dtype, device=device),
        torch.empty([blocks, block_length, self.heads * head_width], dtype=6, device=device)]

  # One step. Row i is tokens[i] at positions[i] of the sequence in slots[i]. The first rows decode,
  # in rounds of as many as `decode` says: one token each of different sequences, in ascending order
  # of slots, then for some of them a token that is guessed to follow, and so on. After them come
  # pieces of prompts: chunks holds of each its slot, its length, its first position and the block
  # that keeps it (-1 for none). The pieces in copied (the same four numbers) are not computed but
  # taken from their blocks; they come after the N rows. Returns the logits [len(rows), V] of the rows
  # named, in float32.
  #
  # A row's bits do not depend on which other rows share the step: the linear layers treat rows
  # alone, decode attention pads with hidden positions that add exact zeros, a guessed token attends as
  # it would in a step of its own, and each prompt piece attends by itself.
  def step(self: __torch__.Gpt2, tokens: List[int], positions: List[int], slots: List[int],
      decode: List[int], chunks: List[int], copied: List[int], rows: List[int]) -> Tensor:
    # Whatever a step needs to know goes to a GPU in one copy.
    N = len(tokens)
    ids = torch.tensor(tokens + positions + slots + rows, dtype=4, device=torch.device(self.device))
    outputs = self.copy_kept(copied)
    if N > 0:
      outputs = [self.forward(ids, positions, slots, decode, chunks)] + outputs
    x = outputs[0]
    if len(outputs) > 1:
      x = torch.cat(outputs, 0)
    all = len(rows) == x.size(0)
    for i in range(len(rows)):
      all = all and rows[i] == i
    if not all:
      x = x.index_select(0, ids[3 * N:])
    return self.unembed(x)

  # The logits after each row, [N, V], in float32.
  def unembed(self: __torch__.Gpt2, x: Tensor) -> Tensor:
    if len(self.head) == 5:
      logits = self.quantized_unembed(x)
    else:
      logits = self.dot_head(self.final_norm(x))
    return logits

  # The product of x [N, W] with an unembedding that is not quantized, [N, V].
  def dot_head(self: __torch__.Gpt2, x: Tensor) -> Tensor:
    if len(self.head) == 4:
      dots = __torch__.linear(x, self.head[2], self.head[3])
    else:
      dots = ops.quantized.linear_dynamic_fp16(x, self.quantized[0])
    return dots

  # The last layer norm, [N, W].
  def final_norm(self: __torch__.Gpt2, x: Tensor) -> Tensor:
    return __torch__.layer_norm(x, self.head[0], self.head[1], self.eps)

  # A linear layer of a block, by its weight's place among the block's twelve tensors: 2 and 4 are
  # attention's c_attn and c_proj, 8 and 10 the MLP's c_fc and c_proj.
  def linear(self: __torch__.Gpt2, x: Tensor, layer: int, place: int) -> Tensor:
    return self.linear_with_bias(x, layer, place, self.blocks[12 * layer + place + 1])

  def linear_with_bias(self: __torch__.Gpt2, x: Tensor, layer: int, place: int,
      bias: Tensor) -> Tensor:
    weight = self.blocks[12 * layer + place]
    if weight.numel() > 0:
      y = __torch__.linear(x, weight, bias)
    else:
      y = self.quantized_linear(x, 4 * layer + place // 3, place == 10, bias)
    return y

  # The last block's output [N, W] of the rows that are computed: ids begins with their tokens, their
  # positions and their slots, [3 N].
  def forward(self: __torch__.Gpt2, ids: Tensor, positions: List[int], slots: List[int],
      decode: List[int], chunks: List[int]) -> Tensor:
    N = len(positions)
    position = ids[N:2 * N]
    x = torch.embedding(self.embeddings[0], ids[:N]) + torch.embedding(self.embeddings[1], position)
    W = x.size(1)
    plan = self.plan_attention(ids, positions, slots, decode, chunks)

    w = self.blocks
    for l in range(self.layers):
      b = 12 * l
      h = __torch__.layer_norm(x, w[b], w[b + 1], self.eps)
      qkv = torch.to(self.linear(h, l, 2), dtype=self.dtype)
      z = self.attention(qkv.view(N, 3, self.heads, W // self.heads), l, ids, slots, decode, chunks,
          plan)
      x = x + self.linear(z, l, 4)
      h = self.linear(__torch__.layer_norm(x, w[b + 6], w[b + 7], self.eps), l, 8)
      x = x + self.linear(self.activate(h), l, 10)

    row = __torch__.total(decode)
    for c in range(len(chunks) // 4):
      T = chunks[4 * c + 1]
      block = chunks[4 * c + 3]
      if block >= 0:
        self.kept[1][block, :T].copy_(x[row:row + T])
      row = row + T
    return x

  # The MLP's activation; x may be overwritten.
  def activate(self: __torch__.Gpt2, x: Tensor) -> Tensor:
    if self.activation == "gelu_tanh":
      y = torch.gelu_(x, approximate="tanh")
    elif self.activation == "gelu":
      y = torch.gelu_(x, approximate="none")
    elif self.activation == "quick_gelu":
      y = x * torch.sigmoid(x * 1.702)
    elif self.activation == "silu":
      y = torch.silu(x)
    elif self.activation == "tanh":
      y = torch.tanh(x)
    else:
      y = torch.relu(x)
    return y

  # The likeliest token of each row of logits [R, V]; -1 where that is no finite number, as
  # where any logit is NaN.
  def argmax(self: __torch__.Gpt2, logits: Tensor) -> Tensor:
    largest, token = torch.max(logits, 1)
    return token.masked_fill_(torch.logical_not(torch.isfinite(largest)), -1).cpu()

  # Forgets a slot's keys and values.
  def clear(self: __torch__.Gpt2, slot: int) -> None:
    for l in range(self.layers):
      torch.zero_(torch.select(self.keys[l], 0, slot))
      torch.zero_(torch.select(self.values[l], 0, slot))

  # log(sum(exp(logits / temperature))) of the named rows, [len(rows)]: what log_softmax, which takes
  # a row in one go, has subtracted from the first logit.
  def log_sum_exp(self: __torch__.Gpt2, logits: Tensor, rows: List[int],
      temperatures: List[float]) -> Tensor:
    chosen = self.tempered(logits, rows, temperatures)
    sums = annotate(List[Tensor], [])
    for i in range(0, len(rows), 16):
      some = chosen[i:i + 16]
      sums.append(some[:, 0] - torch.log_softmax(some, 1)[:, 0])
    return torch.cat(sums, 0).cpu()

  # Of one token in each named row: its log-probability, the row's entropy, both in nats, and how
  # many tokens are likelier, [3, len(rows)]. A few rows at a time, which stay in the cores' caches
  # from one operation to the next.
  def score(self: __torch__.Gpt2, logits: Tensor, rows: List[int], tokens: List[int],
      temperatures: List[float]) -> Tensor:
    all = self.tempered(logits, rows, temperatures)
    all_tokens = torch.tensor(tokens, dtype=4, device=logits.device).view(-1, 1)
    scores = annotate(List[Tensor], [])
    for i in range(0, len(rows), 4):
      chosen = all[i:i + 4]
      token = all_tokens[i:i + 4]
      likelier = torch.sum(chosen > torch.gather(chosen, 1, token), [1])
      logprobs = torch.log_softmax(chosen, 1)
      logprob = torch.gather(logprobs, 1, token).squeeze(1)
      weighted = torch.exp(logprobs).mul_(torch.neg_(logprobs))
      entropy = torch.sum(__torch__.never_alone(weighted), [1])[:token.size(0)]
      scores.append(torch.stack([logprob, entropy, torch.to(likelier, dtype=6)]))
    return torch.cat(scores, 1).cpu()

  # softmax(logits / temperature) of the named rows, [len(rows), V].
  def softmax(self: __torch__.Gpt2, logits: Tensor, rows: List[int],
      temperatures: List[float]) -> Tensor:
    return __torch__.on_host(torch.softmax(self.tempered(logits, rows, temperatures), 1))

  # The named rows divided by their temperatures; not to be written to, for it may be a view.
  def tempered(self: __torch__.Gpt2, logits: Tensor, rows: List[int],
      temperatures: List[float]) -> Tensor:
    chosen = logits
    if len(rows) != logits.size(0):
      chosen = logits.index_select(0, torch.tensor(rows, dtype=4, device=logits.device))
    plain = True
    for temperature in temperatures:
      plain = plain and temperature == 1.
    if not plain:
      chosen = chosen / torch.tensor(temperatures, dtype=6, device=logits.device).view(-1, 1)
    return chosen

  def to_host(self: __torch__.Gpt2, logits: Tensor) -> Tensor:
    return __torch__.on_host(logits)
