# Attention over the KV cache by the operator in C. Keys lie in blocks of 16 positions,
# [layers, S, H, P / 16, D, 16], values as they are, [layers, S, H, P, D]. A block of the prefix cache
# holds all layers, [B, layers, H, C / 16, D, 16] and [B, layers, H, C, D]: the system gives memory in
# pages of 2 MiB, and would otherwise have to give a page of each layer to the first block.


# What attention needs to know in every layer.
class AttentionPlan(NamedTuple):
  position : Tensor  # [N], int32
  slot : Tensor  # [N], int32


class Gpt2(Module):

  # The KV cache and the prefix cache. Positions are written before they are seen, so that their memory
  # need not be touched before: the system gives it when a sequence first uses a slot.
  def allocate_caches(self, slots: int, positions: int, head_width: int, blocks: int,
      block_length: int) -> None:
    self.kv_cache = self.empty_cache([self.layers, slots], positions, head_width)
    self.prefix_cache = self.empty_cache([blocks, self.layers], block_length, head_width)
    self.keys = torch.unbind(self.kv_cache[0], 0)
    self.values = torch.unbind(self.kv_cache[1], 0)
    self.join_blocks()

  def empty_cache(self, outer: List[int], positions: int, head_width: int) -> List[Tensor]:
    keys = torch.empty(outer + [self.heads, (positions + 15) // 16, head_width, 16],
        dtype=self.cache_dtype)
    values = torch.empty(outer + [self.heads, positions, head_width], dtype=self.cache_dtype)
    return [keys, values]

  # Keys are copied in blocks of 16, with what is in the last one behind the length: it is written again
  # before it is seen.
  def places(self, slot: int, start: int, length: int, block: int) -> List[__torch__.Place]:
    first = start // 16
    count = (length + 15) // 16
    return [
        __torch__.Place(self.kv_cache[0][:, slot, :, first:first + count],
            self.prefix_cache[0][block, :, :, :count]),
        __torch__.Place(self.kv_cache[1][:, slot, :, start:start + length],
            self.prefix_cache[1][block, :, :, :length])]

  # Copies keys and values from a slot to another with the same tokens before them: four numbers of each
  # copy, both slots, the first position and the one after the last. Keys are copied in blocks of 16.
  def fork(self, copies: List[int]) -> None:
    for i in range(0, len(copies), 4):
      source, target, start, end = copies[i:i + 4]
      first = start // 16
      last = (end + 15) // 16
      keys = self.kv_cache[0]
      values = self.kv_cache[1]
      keys[:, target, :, first:last].copy_(keys[:, source, :, first:last])
      values[:, target, :, start:end].copy_(values[:, source, :, start:end])

  def plan_attention(self, batch: __torch__.Batch) -> __torch__.AttentionPlan:
    return __torch__.AttentionPlan(torch.to(batch.position, dtype=__torch__.int32()),
        torch.to(batch.slot, dtype=__torch__.int32()))

  # One layer's attention.
  def attention(self, qkv: Tensor, layer: int, batch: __torch__.Batch,
      plan: __torch__.AttentionPlan) -> Tensor:
    return ops.gpt2.attention(qkv.view(qkv.size(0), 3 * qkv.size(2) * qkv.size(3)), self.keys[layer],
        self.values[layer], plan.position, plan.slot, self.scales[layer])  # [N, W]
