# GPT-2's forward pass over a batch of running sequences, as TorchScript.
#
# libtorch executes one program: this file, the files of the operators that it computes with, those in C
# or libtorch's, and the files of what else is asked of a model. ProgramSource.java names them and packs
# them into an archive at start-up.
# Each file has its tuples and functions first and then its methods of the one class, Gpt2. The text is
# in the dialect of such archives, a small subset of Python: functions and tuples are called by
# __torch__.NAME, and a constant is a function, which is inlined. Names follow the checkpoint.
#
# Shapes: N rows (one per token of the step), W width, H heads, D = W / H, S slots, P positions,
# B blocks of C positions in the prefix cache, V vocabulary.


# The codes of number types.


def int8() -> int:
  return 1


def int32() -> int:
  return 3


def int64() -> int:
  return 4


def float16() -> int:
  return 5


def float32() -> int:
  return 6


def float64() -> int:
  return 7


# Row by row, without gaps.
def contiguous() -> int:
  return 0


# Where the prefix cache holds what a slot holds, as views of the same shape.
class Place(NamedTuple):
  slot : Tensor
  block : Tensor


class LayerNorm(NamedTuple):
  weight : Tensor  # [W], float32
  bias : Tensor  # [W], float32


class Linear(NamedTuple):
  weight : Tensor  # [out, in], packed; empty if the layer is quantized
  bias : Tensor  # [out]
  quantized : Optional[__torch__.QuantizedWeight]  # [out, in], int8
  activated : bool  # whether the input comes from the MLP's activation


class Block(NamedTuple):
  ln_1 : __torch__.LayerNorm
  attn_c_attn : __torch__.Linear
  attn_c_proj : __torch__.Linear
  ln_2 : __torch__.LayerNorm
  mlp_c_fc : __torch__.Linear
  mlp_c_proj : __torch__.Linear


# Successive tokens of a sequence: its slot, the first one's position, their number and their first row in
# the step.
class Chunk(NamedTuple):
  slot : int
  start : int
  length : int
  row : int


# The rows that a step computes, one for each token of its chunks, which lie end to end. The first
# `decoding` chunks are of sequences that decode, one of each in ascending order of slots; prompts come
# after them.
class Batch(NamedTuple):
  token : Tensor  # [N]
  position : Tensor  # [N]
  slot : Tensor  # [N]
  chunks : List[__torch__.Chunk]
  decoding : int


# Reads chunks from three numbers each: slot, start, length.
def chunks_of(numbers: List[int]) -> List[__torch__.Chunk]:
  chunks = annotate(List[__torch__.Chunk], [])
  row = 0
  for i in range(0, len(numbers), 3):
    slot, start, length = numbers[i:i + 3]
    chunks.append(__torch__.Chunk(slot, start, length, row))
    row = row + length
  return chunks


# The sum of rows, which are added up in one order on every machine.
def sum_rows(x: Tensor) -> Tensor:
  rows = x
  while rows.size(0) > 1:
    half = rows.size(0) // 2
    sums = rows[:half] + rows[half:2 * half]
    if rows.size(0) % 2 == 1:
      sums[0].add_(rows[2 * half])
    rows = sums
  return rows[0]


# The mean of each row's numbers, [N, 1].
def row_means(x: Tensor) -> Tensor:
  return (__torch__.sum_rows(x.t()) / float(x.size(1))).unsqueeze(1)


# The square root of float32 numbers, correctly rounded. libtorch's own is not on x86-64, where a fifth of the
# results are a unit in the last place off; through float64 it is, wherever that is less than four units off.
def sqrt(x: Tensor) -> Tensor:
  return torch.to(torch.sqrt(torch.to(x, dtype=__torch__.float64())), dtype=__torch__.float32())


# The length of each row, [N].
def row_norms(x: Tensor) -> Tensor:
  return __torch__.sqrt(__torch__.sum_rows((x * x).t()))


# Returns whether rows are 0, 1, 2, ... up to a length.
def is_everything(rows: List[int], length: int) -> bool:
  all = len(rows) == length
  for i in range(len(rows)):
    all = all and rows[i] == i
  return all


# A copy in the host's memory, row by row, as Java reads it. From a GPU it comes into page-locked
# memory, 40 times as fast.
def on_host(t: Tensor) -> Tensor:
  host = t.contiguous()
  if t.is_cuda:
    host = torch.empty(t.size(), dtype=t.dtype, layout=0,
        device=torch.device("cpu"), pin_memory=True)
    host.copy_(t)
  return host


class Gpt2(Module):
  __parameters__ = []
  __buffers__ = []
  training : bool
  _is_full_backward_hook : Optional[bool]

  # Settings.
  device : str
  dtype : int  # of attention
  cache_dtype : int  # of keys and values in the caches
  weight_dtype : int  # of the blocks' linear layers that are not quantized
  layers : int
  heads : int
  vocabulary : int
  activation : str
  activation_number : int  # in kernels.h
  activation_minimum : float
  eps : float
  minus_infinity : float
  scales : List[float]  # what attention scores are multiplied by, for each layer

  # Weights, which the load methods set. One of two forms of the unembedding is there.
  wte : Optional[Tensor]  # as embedding_table gives it
  wpe : Optional[Tensor]  # [P, W], float32
  blocks : List[__torch__.Block]
  ln_f : Optional[__torch__.LayerNorm]
  lm_head : Optional[__torch__.Linear]
  lm_head_int8 : Optional[__torch__.QuantizedHead]

  # The caches, as the attention file says; of the KV cache the keys and values of each layer, too.
  kv_cache : List[Tensor]
  prefix_cache : List[Tensor]
  keys : List[Tensor]
  values : List[Tensor]

  # Every tensor is copied: what comes in is memory that the caller frees.
  def load_embeddings(self, wte: Tensor, wpe: Tensor) -> None:
    self.wte = __torch__.embedding_table(self.embedding_numbers(wte))
    self.wpe = self.copy_of(wpe, __torch__.float32())

  def load_final_norm(self, ln_f_weight: Tensor, ln_f_bias: Tensor) -> None:
    self.ln_f = self.norm_of(ln_f_weight, ln_f_bias)

  # The final norm and the unembedding [V, W], which is never in bfloat16: GPT-2's logits are around -100,
  # where that steps by half a nat.
  def load_head(self, ln_f_weight: Tensor, ln_f_bias: Tensor, lm_head: Tensor) -> None:
    self.load_final_norm(ln_f_weight, ln_f_bias)
    self.lm_head = self.head_of(__torch__.pack(self.embedding_numbers(lm_head)))

  # The final norm, and the embedding as unembedding.
  def load_tied_head(self, ln_f_weight: Tensor, ln_f_bias: Tensor) -> None:
    self.load_final_norm(ln_f_weight, ln_f_bias)
    self.lm_head = self.head_of(__torch__.tied_weight(torch._unwrap_optional(self.wte)))

  # An embedding or unembedding in the type that is meant for it, or in float32 where float16 cannot hold
  # a number of it.
  def embedding_numbers(self, t: Tensor) -> Tensor:
    dtype = __torch__.embedding_dtype(self.weight_dtype)
    # From here on, rounding gives infinity.
    if dtype == __torch__.float16() and not bool(torch.all(__torch__.largest(t, 1) < 65520.)):
      dtype = __torch__.float32()
    return self.on_device(t, dtype)

  # A linear layer of a packed weight and no bias.
  def head_of(self, weight: Tensor) -> __torch__.Linear:
    bias = torch.zeros([self.vocabulary], dtype=__torch__.float32(), device=torch.device(self.device))
    return __torch__.Linear(weight, bias, None, False)

  # Weights of linear layers are stored [in, out].
  def load_block(self, ln_1_weight: Tensor, ln_1_bias: Tensor, c_attn_weight: Tensor,
      c_attn_bias: Tensor, attn_c_proj_weight: Tensor, attn_c_proj_bias: Tensor, ln_2_weight: Tensor,
      ln_2_bias: Tensor, c_fc_weight: Tensor, c_fc_bias: Tensor, mlp_c_proj_weight: Tensor,
      mlp_c_proj_bias: Tensor) -> None:
    self.blocks.append(__torch__.Block(
        self.norm_of(ln_1_weight, ln_1_bias),
        self.linear_of(c_attn_weight.t(), c_attn_bias, False),
        self.linear_of(attn_c_proj_weight.t(), attn_c_proj_bias, False),
        self.norm_of(ln_2_weight, ln_2_bias),
        self.linear_of(c_fc_weight.t(), c_fc_bias, False),
        self.linear_of(mlp_c_proj_weight.t(), mlp_c_proj_bias, True)))

  def norm_of(self, weight: Tensor, bias: Tensor) -> __torch__.LayerNorm:
    return __torch__.LayerNorm(self.copy_of(weight, __torch__.float32()),
        self.copy_of(bias, __torch__.float32()))

  # A linear layer with weight [out, in].
  def linear_of(self, weight: Tensor, bias: Tensor, activated: bool) -> __torch__.Linear:
    return __torch__.Linear(__torch__.pack(self.on_device(weight, self.weight_dtype)),
        self.copy_of(bias, __torch__.bias_dtype(self.weight_dtype)), None, activated)

  # A copy of bytes, as the numbers whose bits they are.
  def numbers(self, bytes: Tensor, dtype: int) -> Tensor:
    return torch.view_copy(bytes, dtype=dtype)

  # A view of numbers in whatever order they lie.
  def strided(self, t: Tensor, shape: List[int], strides: List[int]) -> Tensor:
    return torch.as_strided(t, shape, strides)

  def copy_of(self, t: Tensor, dtype: int) -> Tensor:
    return torch.clone(self.on_device(t, dtype), memory_format=__torch__.contiguous())

  # May be the very memory that came in.
  def on_device(self, t: Tensor, dtype: int) -> Tensor:
    return torch.to(t, device=torch.device(self.device), dtype=dtype)

  # A new tensor of ids.
  def ids_of(self, ids: List[int]) -> Tensor:
    return torch.tensor(ids, dtype=__torch__.int64(), device=torch.device(self.device))

  # Copies keys and values of slots to blocks of the prefix cache: four numbers of each copy, its slot,
  # first position, length and block.
  def retain(self, copies: List[int]) -> None:
    for i in range(0, len(copies), 4):
      slot, start, length, block = copies[i:i + 4]
      for place in self.places(slot, start, length, block):
        place.block.copy_(place.slot)

  # The same from blocks to slots.
  def restore(self, copies: List[int]) -> None:
    for i in range(0, len(copies), 4):
      slot, start, length, block = copies[i:i + 4]
      for place in self.places(slot, start, length, block):
        place.slot.copy_(place.block)

  # One step; see Batch. Row i is tokens[i] at positions[i] of the sequence in slots[i]. `chunks` holds
  # three numbers of each chunk: slot, start, length. Returns the logits [len(rows), V] of the rows
  # named, in float32.
  def step(self, tokens: List[int], positions: List[int], slots: List[int], chunks: List[int],
      decoding: int, rows: List[int]) -> Tensor:
    return self.unembed(self.step_outputs(tokens, positions, slots, chunks, decoding, rows))  # [len(rows), V]

  # A step as far as the outputs of the last block, of the rows named.
  def step_outputs(self, tokens: List[int], positions: List[int], slots: List[int], chunks: List[int],
      decoding: int, rows: List[int]) -> Tensor:
    N = len(tokens)
    # Whatever a step needs to know goes to a GPU in one copy.
    ids = torch.tensor(tokens + positions + slots + rows, dtype=__torch__.step_dtype(),
        device=torch.device(self.device))
    x = self.forward(self.batch_of(ids, N, chunks, decoding))  # [N, W]
    if not __torch__.is_everything(rows, N):
      x = x.index_select(0, ids[3 * N:])  # [len(rows), W]
    return x  # [len(rows), W]

  # ids begins with the rows' tokens, their positions and their slots, [3 N].
  def batch_of(self, ids: Tensor, N: int, chunks: List[int], decoding: int) -> __torch__.Batch:
    return __torch__.Batch(ids[:N], ids[N:2 * N], ids[2 * N:3 * N], __torch__.chunks_of(chunks), decoding)

  # The output of the last block.
  def forward(self, batch: __torch__.Batch) -> Tensor:
    plan = self.plan_attention(batch)
    x = self.embed(batch.token, batch.position)  # [N, W]
    for l in range(self.layers):
      x = self.pass_block(x, l, batch, plan)  # [N, W]
    return x  # [N, W]

  def embed(self, token: Tensor, position: Tensor) -> Tensor:
    return __torch__.embed(torch._unwrap_optional(self.wte), torch._unwrap_optional(self.wpe), token,
        position)  # [N, W]

  # A block's queries, keys and values.
  def qkv(self, x: Tensor, block: __torch__.Block) -> Tensor:
    h = __torch__.layer_norm(x, block.ln_1, self.eps)  # [N, W]
    qkv = torch.to(self.linear(h, block.attn_c_attn), dtype=self.dtype)  # [N, 3 W]
    return qkv.view(x.size(0), 3, self.heads, x.size(1) // self.heads)  # [N, 3, H, D]

  # A block's output, given its heads' outputs z side by side.
  def after_attention(self, x: Tensor, z: Tensor, block: __torch__.Block) -> Tensor:
    x = self.add_linear(x, z, block.attn_c_proj)  # [N, W]
    return self.add_linear(x, self.mlp_hidden(x, block), block.mlp_c_proj)  # [N, W]

  def mlp(self, x: Tensor, block: __torch__.Block) -> Tensor:
    return self.linear(self.mlp_hidden(x, block), block.mlp_c_proj)  # [N, W]

  # What enters the MLP's second linear layer.
  def mlp_hidden(self, x: Tensor, block: __torch__.Block) -> Tensor:
    h = __torch__.layer_norm(x, block.ln_2, self.eps)  # [N, W]
    return self.activated_linear(h, block.mlp_c_fc)  # [N, 4 W]

  # The activation by libtorch's operators, in x's own type; x may be overwritten.
  def plain_activation(self, x: Tensor) -> Tensor:
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
    return y  # [N, 4 W]

  def linear(self, x: Tensor, layer: __torch__.Linear) -> Tensor:
    quantized = layer.quantized
    if quantized is None:
      y = __torch__.linear(x, layer.weight, layer.bias)
    else:
      y = self.quantized_linear(x, quantized, layer.activated, layer.bias)
    return y  # [N, out]

  def final_norm(self, x: Tensor) -> Tensor:
    return __torch__.layer_norm(x, torch._unwrap_optional(self.ln_f), self.eps)  # [N, W]

  # The logits after each row, in float32.
  def unembed(self, x: Tensor) -> Tensor:
    head = self.lm_head_int8
    if head is None:
      logits = self.dot_head(self.final_norm(x))
    else:
      logits = self.quantized_unembed(x, head)
    return logits  # [N, V]

  # The product of x [N, W] with an unembedding that is not quantized.
  def dot_head(self, x: Tensor) -> Tensor:
    return self.linear(x, torch._unwrap_optional(self.lm_head))  # [N, V]

  def to_host(self, logits: Tensor) -> Tensor:
    return __torch__.on_host(logits)  # [R, V]

  # Sets a slot's keys and values to zero.
  def clear(self, slot: int) -> None:
    for l in range(self.layers):
      torch.zero_(torch.select(self.keys[l], 0, slot))
      torch.zero_(torch.select(self.values[l], 0, slot))
