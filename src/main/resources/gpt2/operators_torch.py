# The operators of a step by libtorch's, which are there on every processor and on GPUs. Products in int8
# multiply the integers as float32, which is slow.


# A weight [out, in] in int8.
class QuantizedWeight(NamedTuple):
  integers : Tensor  # [out, in], int8
  scale : Tensor  # [out]


# A copy of a weight [out, in] as `linear` wants it.
def pack(weight: Tensor) -> Tensor:
  return torch.clone(weight, memory_format=__torch__.contiguous())


def linear(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
  return torch.linear(torch.to(x, dtype=bias.dtype), weight, bias)  # [N, out]


def pack_quantized(integers: Tensor, scale: Tensor) -> __torch__.QuantizedWeight:
  return __torch__.QuantizedWeight(integers, scale)


# The sums of the numbers that each output's integers and scale stand for.
def sums(weight: __torch__.QuantizedWeight) -> Tensor:
  return torch.sum(__torch__.dequantize(weight), [1])  # [out]


# The numbers that a weight's integers and scales stand for.
def dequantize(weight: __torch__.QuantizedWeight) -> Tensor:
  integers = torch.to(weight.integers, dtype=__torch__.float32())
  return integers * weight.scale.unsqueeze(1)  # [out, in]


# The same of some outputs.
def dequantized_outputs(weight: __torch__.QuantizedWeight, outputs: Tensor) -> Tensor:
  return __torch__.dequantize(__torch__.QuantizedWeight(weight.integers.index_select(0, outputs),
      weight.scale.index_select(0, outputs)))  # [outputs, in]


# The type of a step's tokens, positions and slots.
def step_dtype() -> int:
  return __torch__.int64()


# The type of a bias, that of the layer's weight.
def bias_dtype(weight_dtype: int) -> int:
  return weight_dtype


def layer_norm(x: Tensor, norm: __torch__.LayerNorm, eps: float) -> Tensor:
  return torch.layer_norm(x, [x.size(-1)], norm.weight, norm.bias, eps)  # [N, W]


# The weight [W] of a linear layer with one output as `single_output` wants it.
def pack_single(weight: Tensor) -> Tensor:
  return weight


def single_output(x: Tensor, weight: Tensor) -> Tensor:
  return torch.sum(x * weight, [1], True)  # [N, 1]


# The type of the embedding and the unembedding.
def embedding_dtype(weight_dtype: int) -> int:
  return __torch__.float32()


def embedding_table(wte: Tensor) -> Tensor:
  return torch.clone(wte, memory_format=__torch__.contiguous())  # [V, W]


# The packed weight of an unembedding that is the embedding.
def tied_weight(table: Tensor) -> Tensor:
  return __torch__.pack(table)


# Rows of the embedding.
def token_rows(table: Tensor, ids: Tensor) -> Tensor:
  return table.index_select(0, ids)  # [len(ids), W]


# The lengths of all rows of the embedding.
def table_norms(table: Tensor, vocabulary: int) -> Tensor:
  return torch.linalg_vector_norm(table, 2, [1])  # [V]


# The products of x [W] with all rows of the embedding.
def dot_table(x: Tensor, table: Tensor, vocabulary: int) -> Tensor:
  return torch.matmul(table, x)  # [V]


# The products of each of q [H, N, D] with all of k [H, N, D].
def dot_all(q: Tensor, k: Tensor) -> Tensor:
  return torch.matmul(q, k.transpose(1, 2))  # [H, N, N]


def embed(wte: Tensor, wpe: Tensor, token: Tensor, position: Tensor) -> Tensor:
  return torch.embedding(wte, token) + torch.embedding(wpe, position)  # [N, W]


class Gpt2(Module):

  # A block's output; its keys and values go to the KV cache.
  def pass_block(self, x: Tensor, layer: int, batch: __torch__.Batch,
      plan: __torch__.AttentionPlan) -> Tensor:
    block = self.blocks[layer]
    z = self.attention(self.qkv(x, block), layer, batch, plan)  # [N, W]
    return self.after_attention(x, z, block)  # [N, W]

  # A linear layer's output added to x.
  def add_linear(self, x: Tensor, h: Tensor, layer: __torch__.Linear) -> Tensor:
    return x + self.linear(h, layer)  # [N, out]

  # A linear layer and the MLP's activation.
  def activated_linear(self, x: Tensor, layer: __torch__.Linear) -> Tensor:
    return self.activate(self.linear(x, layer))  # [N, out]

  # x may be overwritten.
  def activate(self, x: Tensor) -> Tensor:
    return self.plain_activation(x)

  # A bias [out], or none.
  def quantized_linear(self, x: Tensor, weight: __torch__.QuantizedWeight, activated: bool,
      bias: Tensor) -> Tensor:
    x = torch.to(x, dtype=__torch__.float32())
    steps = 127.
    if activated:
      # The minimum's share of the product, which is the same for every row, is in the bias.
      x = x - self.activation_minimum
      steps = 255.
    largest = torch.clamp_min(torch.amax(torch.abs(x), [1], True), 1e-12)  # [N, 1]
    rounded = torch.round(x * (steps / largest))
    y = torch.matmul(rounded, __torch__.dequantize(weight).t()) * (largest / steps)
    if bias.numel() > 0:
      y = y + bias
    return y  # [N, out]

  # A product in int8, and a number of each row [N, 1] added to it.
  def quantized_product(self, x: Tensor, weight: __torch__.QuantizedWeight, addend: Tensor) -> Tensor:
    none = torch.empty([0], dtype=__torch__.float32())
    return torch.add_(self.quantized_linear(x, weight, False, none), addend)  # [N, out]

  # Attention within texts that lie end to end, of their queries, keys and values [N, 3, H, D].
  def attend_texts(self, qkv: Tensor, lengths: List[int], scale: float) -> Tensor:
    q, k, v = torch.unbind(qkv, 1)  # [N, H, D]
    attended = annotate(List[Tensor], [])
    row = 0
    for T in lengths:
      end = row + T
      z = __torch__.attend_causally(q[row:end].transpose(0, 1).unsqueeze(0),
          k[row:end].transpose(0, 1).unsqueeze(0), v[row:end].transpose(0, 1).unsqueeze(0),
          scale)  # [1, H, T, D]
      attended.append(z.squeeze(0).transpose(0, 1).reshape(T, qkv.size(2) * qkv.size(3)))
      row = end
    return torch.cat(attended, 0)  # [N, W]
