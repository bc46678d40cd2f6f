# What becomes of logits [R, V], by the operators in C.


class Gpt2(Module):

  # The likeliest token of each row; -1 where its logit is not finite, as where any logit is NaN.
  def argmax(self, logits: Tensor) -> Tensor:
    largest, token = torch.max(logits, 1)
    return token.masked_fill_(torch.logical_not(torch.isfinite(largest)), -1)  # [R]

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
