# Attention over the KV cache by the operator in C. Keys lie in blocks of 16 positions,
# [S, H, P / 16, D, 16], values as they are, [S, H, P, D].


# What attention needs to know in every layer.
class AttentionPlan(NamedTuple):
  position : Tensor  # [N], int32
  slot : Tensor  # [N], int32


class Gpt2(Module):

  # The KV cache and the prefix cache. Positions are written before they are seen, so that their memory
  # need not be touched before: the system gives it when a sequence first uses a slot.
  def allocate_cache(self, slots: int, positions: int, head_width: int, blocks: int,
      block_length: int) -> None:
    keys = torch.empty([self.layers, slots, self.heads, (positions + 15) // 16, head_width, 16],
        dtype=self.cache_dtype)
    values = torch.empty([self.layers, slots, self.heads, positions, head_width],
        dtype=self.cache_dtype)
    self.keys = torch.unbind(keys, 0)
    self.values = torch.unbind(values, 0)
    self.allocate_prefix_cache(head_width, blocks, block_length)

  # Writes keys and values [H, T, D] of positions from `start` on.
  def write_chunk(self, layer: int, slot: int, start: int, k: Tensor, v: Tensor) -> None:
    T = k.size(1)
    self.values[layer][slot, :, start:start + T].copy_(v)
    keys = self.keys[layer][slot]  # [H, P / 16, D, 16]
    row = 0
    while row < T:
      block = (start + row) // 16
      within = (start + row) % 16
      some = min(16 - within, T - row)
      keys[:, block, :, within:within + some].copy_(k[:, row:row + some].transpose(1, 2))
      row = row + some

  def plan_attention(self, batch: __torch__.Batch) -> __torch__.AttentionPlan:
    return __torch__.AttentionPlan(torch.to(batch.position, dtype=__torch__.int32()),
        torch.to(batch.slot, dtype=__torch__.int32()))

  # One layer's attention.
  def attention(self, qkv: Tensor, layer: int, batch: __torch__.Batch,
      plan: __torch__.AttentionPlan) -> Tensor:
    N = qkv.size(0)
    z = ops.gpt2.attention(qkv.view(N, 3 * qkv.size(2) * qkv.size(3)), self.keys[layer],
        self.values[layer], plan.position, plan.slot, self.scales[layer])  # [N, W]
    for chunk in batch.chunks:
      if chunk.block >= 0:
        rows = qkv[chunk.row:chunk.row + chunk.length]  # [T, 3, H, D]
        self.retain(chunk, layer, rows[:, 1].transpose(0, 1), rows[:, 2].transpose(0, 1))
    return z  # [N, W]
