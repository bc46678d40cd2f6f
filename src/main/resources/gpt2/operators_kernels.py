# The operators of a step in C, src/main/c, and what they compute with. kernels.h defines their results,
# which are the same bits on every processor, for any number of rows and threads.


# A weight [out, in] in int8.
class QuantizedWeight(NamedTuple):
  packed : Tensor  # [out / 16, in / 4, 16, 4], int8
  scale : Tensor  # [out], float32
  integer_sums : Tensor  # [out], int32


# The type of a step's tokens, positions and slots.
def step_dtype() -> int:
  return __torch__.int32()


# The type of a bias, for products are float32 whatever the type of the weight is.
def bias_dtype(weight_dtype: int) -> int:
  return __torch__.float32()


# A copy of a weight [out, in] as `linear` wants it, [out / 16, in, 16].
def pack(weight: Tensor) -> Tensor:
  return ops.gpt2.pack(weight)


def float32_rows(x: Tensor) -> Tensor:
  return torch.to(x, dtype=__torch__.float32()).contiguous()


def none() -> Tensor:
  return torch.empty([0], dtype=__torch__.float32())


def no_residual() -> Tensor:
  return torch.empty([0, 0], dtype=__torch__.float32())


def linear(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
  return ops.gpt2.linear(__torch__.float32_rows(x), weight,
      torch.to(bias, dtype=__torch__.float32()), __torch__.no_residual(), bias.size(0), 0)  # [N, out]


# The weight [W] of a linear layer with one output as `single_output` wants it.
def pack_single(weight: Tensor) -> Tensor:
  return ops.gpt2.pack(weight.unsqueeze(0))


def single_output(x: Tensor, weight: Tensor) -> Tensor:
  return __torch__.linear(x, weight, torch.zeros([1], dtype=__torch__.float32()))  # [N, 1]


def layer_norm(x: Tensor, norm: __torch__.LayerNorm, eps: float) -> Tensor:
  return ops.gpt2.layer_norm(x.contiguous(), norm.weight, norm.bias, eps)  # [N, W]


# The type of the embedding and the unembedding: half the size of float32 with four times the precision of
# bfloat16.
def embedding_dtype(weight_dtype: int) -> int:
  dtype = __torch__.float16()
  if weight_dtype == __torch__.float32():
    dtype = __torch__.float32()
  return dtype


# Packed, so that it can be the unembedding too: [V / 16, W, 16].
def embedding_table(wte: Tensor) -> Tensor:
  return __torch__.pack(wte)


# The packed weight of an unembedding that is the embedding.
def tied_weight(table: Tensor) -> Tensor:
  return table


# Rows of the embedding.
def token_rows(table: Tensor, ids: Tensor) -> Tensor:
  blocks = table.index_select(0, torch.floor_divide(ids, 16))  # [n, W, 16]
  lane = torch.remainder(ids, 16).view(-1, 1, 1).expand(ids.size(0), table.size(1), 1)
  return torch.to(torch.gather(blocks, 2, lane).squeeze(2), dtype=__torch__.float32())  # [n, W]


# The lengths of all rows of the embedding.
def table_norms(table: Tensor, vocabulary: int) -> Tensor:
  norms = annotate(List[Tensor], [])
  for begin in range(0, table.size(0), 256):
    some = torch.to(table[begin:begin + 256], dtype=__torch__.float32())  # [n, W, 16]
    norms.append(__torch__.row_norms(some.transpose(1, 2).reshape(-1, table.size(1))))
  return torch.cat(norms, 0)[:vocabulary]  # [V]


# The products of x [W] with all rows of the embedding.
def dot_table(x: Tensor, table: Tensor, vocabulary: int) -> Tensor:
  zero = torch.zeros([vocabulary], dtype=__torch__.float32())
  return __torch__.linear(x.unsqueeze(0), table, zero).squeeze(0)  # [V]


# The products of each of q [H, N, D] with all of k [H, N, D].
def dot_all(q: Tensor, k: Tensor) -> Tensor:
  zero = torch.zeros([k.size(1)], dtype=__torch__.float32())
  products = annotate(List[Tensor], [])
  for h in range(q.size(0)):
    products.append(__torch__.linear(q[h], __torch__.pack(k[h]), zero))
  return torch.stack(products)  # [H, N, N]


def embed(wte: Tensor, wpe: Tensor, token: Tensor, position: Tensor) -> Tensor:
  return ops.gpt2.embedding(wte, wpe, torch.to(token, dtype=__torch__.int32()),
      torch.to(position, dtype=__torch__.int32()))  # [N, W]


def pack_quantized(integers: Tensor, scale: Tensor) -> __torch__.QuantizedWeight:
  sums = torch.to(torch.sum(integers, [1], dtype=__torch__.int64()), dtype=__torch__.int32())
  return __torch__.QuantizedWeight(ops.gpt2.pack(integers), scale.contiguous(), sums)


# The sums of the numbers that each output's integers and scale stand for.
def sums(weight: __torch__.QuantizedWeight) -> Tensor:
  return torch.to(weight.integer_sums, dtype=__torch__.float32()) * weight.scale  # [out]


# The numbers that the integers and scales of some outputs stand for, with zeros behind them up to a number
# of inputs that is a multiple of 4.
def dequantized_outputs(weight: __torch__.QuantizedWeight, outputs: Tensor) -> Tensor:
  blocks = torch.permute(weight.packed, [0, 2, 1, 3])  # [out / 16, 16, in / 4, 4]
  integers = blocks.reshape(blocks.size(0) * 16, blocks.size(2) * 4).index_select(0, outputs)
  scale = weight.scale.index_select(0, outputs).unsqueeze(1)
  return torch.to(integers, dtype=__torch__.float32()) * scale  # [outputs, in]


class Gpt2(Module):
  block_tensors : List[Tensor]  # of each block its weights and its vectors, as `gpt2.block` wants them

  # Lays the blocks out for `pass_block`, when all are loaded.
  def join_blocks(self) -> None:
    for block in self.blocks:
      vectors = [block.ln_1.weight, block.ln_1.bias, block.ln_2.weight, block.ln_2.bias]
      for layer in [block.attn_c_attn, block.attn_c_proj, block.mlp_c_fc, block.mlp_c_proj]:
        weight = layer.weight
        vectors.append(layer.bias)
        quantized = layer.quantized
        if quantized is not None:
          weight = quantized.packed
          vectors.append(quantized.scale)
          vectors.append(self.numbers(quantized.integer_sums, __torch__.float32()))
        self.block_tensors.append(weight)
      self.block_tensors.append(torch.cat(vectors))

  # A block's output; its keys and values go to the KV cache. It is one call, for every call of libtorch's
  # takes time; the operators one by one compute the same.
  def pass_block(self, x: Tensor, layer: int, batch: __torch__.Batch,
      plan: __torch__.AttentionPlan) -> Tensor:
    attn, proj, fc, mlp, vectors = self.block_tensors[5 * layer:5 * layer + 5]
    return ops.gpt2.block(x, attn, proj, fc, mlp, vectors, self.keys[layer], self.values[layer],
        plan.position, plan.slot, self.activation_number, self.activation_minimum, self.eps,
        self.scales[layer])  # [N, W]

  # A linear layer, an activation by its number, and what is added to the result, or none.
  def fused_linear(self, x: Tensor, layer: __torch__.Linear, activation: int,
      residual: Tensor) -> Tensor:
    quantized = layer.quantized
    if quantized is None:
      y = ops.gpt2.linear(x, layer.weight, layer.bias, residual, layer.bias.size(0), activation)
    else:
      y = self.fused_quantized_linear(x, quantized, layer.activated, layer.bias, activation, residual,
          __torch__.none())
    return y  # [N, out]

  # The same in int8; a bias [out], or none, and a number of each row that is added, [N], or none.
  def fused_quantized_linear(self, x: Tensor, weight: __torch__.QuantizedWeight, activated: bool,
      bias: Tensor, activation: int, residual: Tensor, addend: Tensor) -> Tensor:
    shifted = 0
    if activated:
      shifted = 1
    return ops.gpt2.int8_linear(x, weight.packed, weight.scale, weight.integer_sums, bias, residual,
        addend, activation, shifted, self.activation_minimum)  # [N, out]

  def quantized_linear(self, x: Tensor, weight: __torch__.QuantizedWeight, activated: bool,
      bias: Tensor) -> Tensor:
    return self.fused_quantized_linear(__torch__.float32_rows(x), weight, activated, bias, 0,
        __torch__.no_residual(), __torch__.none())  # [N, out]

  # A product in int8, and a number of each row [N, 1] added to it.
  def quantized_product(self, x: Tensor, weight: __torch__.QuantizedWeight, addend: Tensor) -> Tensor:
    return self.fused_quantized_linear(x, weight, False, __torch__.none(), 0, __torch__.no_residual(),
        addend.squeeze(1))  # [N, out]

  # A linear layer's output added to x.
  def add_linear(self, x: Tensor, h: Tensor, layer: __torch__.Linear) -> Tensor:
    return self.fused_linear(h, layer, 0, x)  # [N, out]

  # A linear layer and the MLP's activation.
  def activated_linear(self, x: Tensor, layer: __torch__.Linear) -> Tensor:
    return self.fused_linear(x, layer, self.activation_number, __torch__.no_residual())  # [N, out]

  def activate(self, x: Tensor) -> Tensor:
    return ops.gpt2.activate(x.contiguous(), self.activation_number)

  # Attention within texts that lie end to end, of their queries, keys and values [N, 3, H, D].
  def attend_texts(self, qkv: Tensor, lengths: List[int], scale: float) -> Tensor:
    H = qkv.size(2)
    D = qkv.size(3)
    longest = 0
    positions = annotate(List[int], [])
    slots = annotate(List[int], [])
    for text in range(len(lengths)):
      longest = max(longest, lengths[text])
      for i in range(lengths[text]):
        positions.append(i)
        slots.append(text)
    keys = torch.empty([len(lengths), H, (longest + 15) // 16, D, 16], dtype=__torch__.float32())
    values = torch.empty([len(lengths), H, longest, D], dtype=__torch__.float32())
    return ops.gpt2.attention(qkv.view(qkv.size(0), 3 * H * D), keys, values,
        torch.tensor(positions, dtype=__torch__.int32()), torch.tensor(slots, dtype=__torch__.int32()),
        scale)  # [N, W]
