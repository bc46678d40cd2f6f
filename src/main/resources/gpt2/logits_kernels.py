# What becomes of logits [R, V], by the operators in C.


class Gpt2(Module):

  # The likeliest token of each row; -1 where its logit is not finite, as where any logit is NaN.
  def argmax(self, logits: Tensor) -> Tensor:
    return torch.to(self.of_all(logits, 3), dtype=__torch__.int64())  # [R]

  # Of rows [R, C].
  def plain_softmax(self, x: Tensor) -> Tensor:
    return self.of_all(x, 0)  # [R, C]

  # log(softmax(logits)).
  def log_softmax(self, logits: Tensor) -> Tensor:
    return logits - self.of_all(logits, 1).unsqueeze(1)  # [R, V]

  # A result of all rows, by its number in kernels.h, at a temperature of 1.
  def of_all(self, x: Tensor, result: int) -> Tensor:
    none = annotate(List[int], [])
    return ops.gpt2.logits(x, torch.ones([x.size(0)], dtype=__torch__.float32()),
        torch.tensor(none, dtype=__torch__.int32()), result)

  # log(sum(exp(logits / temperature))) of the named rows.
  def log_sum_exp(self, logits: Tensor, rows: List[int], temperatures: List[float]) -> Tensor:
    none = annotate(List[int], [])
    return self.of_logits(logits, rows, temperatures, none, 1)  # [len(rows)]

  # Of one token in each named row: its log-probability, the row's entropy, both in nats, and the
  # number of tokens that are likelier.
  def score(self, logits: Tensor, rows: List[int], tokens: List[int],
      temperatures: List[float]) -> Tensor:
    return self.of_logits(logits, rows, temperatures, tokens, 2)  # [3, len(rows)]

  # softmax(logits / temperature) of the named rows.
  def softmax(self, logits: Tensor, rows: List[int], temperatures: List[float]) -> Tensor:
    none = annotate(List[int], [])
    return self.of_logits(logits, rows, temperatures, none, 0)  # [len(rows), V]

  # A result by its number in kernels.h.
  def of_logits(self, logits: Tensor, rows: List[int], temperatures: List[float], tokens: List[int],
      result: int) -> Tensor:
    named = logits
    if not __torch__.is_everything(rows, logits.size(0)):
      named = logits.index_select(0, self.ids_of(rows))
    return ops.gpt2.logits(named, torch.tensor(temperatures, dtype=__torch__.float32()),
        torch.tensor(tokens, dtype=__torch__.int32()), result)
