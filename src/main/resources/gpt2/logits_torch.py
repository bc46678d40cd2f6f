# What becomes of logits [R, V], by libtorch's operators.


class Gpt2(Module):

  # The likeliest token of each row; -1 where its logit is not finite, as where any logit is NaN.
  def argmax(self, logits: Tensor) -> Tensor:
    largest, token = torch.max(logits, 1)
    return token.masked_fill_(torch.logical_not(torch.isfinite(largest)), -1).cpu()  # [R]

  # Of rows [R, C].
  def plain_softmax(self, x: Tensor) -> Tensor:
    return torch.softmax(x, 1)  # [R, C]

  # log(softmax(logits)).
  def log_softmax(self, logits: Tensor) -> Tensor:
    return torch.log_softmax(logits, 1)  # [R, V]

  # log(sum(exp(logits / temperature))) of the named rows.
  def log_sum_exp(self, logits: Tensor, rows: List[int], temperatures: List[float]) -> Tensor:
    return torch.logsumexp(self.tempered(logits, rows, temperatures), [1]).cpu()  # [len(rows)]

  # Of one token in each named row: its log-probability, the row's entropy, both in nats, and the
  # number of tokens that are likelier. A few rows at a time, for a copy of all would be large.
  def score(self, logits: Tensor, rows: List[int], tokens: List[int],
      temperatures: List[float]) -> Tensor:
    all = self.tempered(logits, rows, temperatures)  # [len(rows), V]
    all_tokens = torch.tensor(tokens, dtype=__torch__.int64(), device=logits.device).view(-1, 1)
    scores = annotate(List[Tensor], [])
    for i in range(0, len(rows), 4):
      chosen = all[i:i + 4]
      token = all_tokens[i:i + 4]
      likelier = torch.sum(chosen > torch.gather(chosen, 1, token), [1])
      logprobs = torch.log_softmax(chosen, 1)
      logprob = torch.gather(logprobs, 1, token).squeeze(1)
      entropy = torch.sum(torch.exp(logprobs).mul_(torch.neg_(logprobs)), [1])
      scores.append(torch.stack([logprob, entropy, torch.to(likelier, dtype=__torch__.float32())]))
    return torch.cat(scores, 1).cpu()  # [3, len(rows)]

  # softmax(logits / temperature) of the named rows.
  def softmax(self, logits: Tensor, rows: List[int], temperatures: List[float]) -> Tensor:
    chosen = self.tempered(logits, rows, temperatures)
    return __torch__.on_host(torch.softmax(chosen, 1))  # [len(rows), V]

  # The named rows divided by their temperatures; not to be written to, for it may be a view.
  def tempered(self, logits: Tensor, rows: List[int], temperatures: List[float]) -> Tensor:
    chosen = logits
    if len(rows) != logits.size(0):
      ids = torch.tensor(rows, dtype=__torch__.int64(), device=logits.device)
      chosen = logits.index_select(0, ids)
    plain = True
    for temperature in temperatures:
      plain = plain and temperature == 1.
    if not plain:
      divisors = torch.tensor(temperatures, dtype=__torch__.float32(), device=logits.device)
      chosen = chosen / divisors.view(-1, 1)
    return chosen  # [len(rows), V]
