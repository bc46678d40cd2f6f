package io.github.gpt2server.api.openai.completion;

import io.github.gpt2server.engine.result.SequenceEvent;
import java.util.ArrayList;
import java.util.List;

/** Joins what one sequence generates into a choice. */
final class ChoiceBuilder {
  private final ChoiceProgress progress;
  private final CompletionResponse.Logprobs logprobs;
  private final StringBuilder text = new StringBuilder();
  private final List<Integer> tokens = new ArrayList<>();
  private double logprobSum;
  private SequenceEvent.Finished finished;

  ChoiceBuilder(ChoiceProgress progress, boolean withLogprobs) {
    this.progress = progress;
    this.logprobs = withLogprobs ? CompletionResponse.Logprobs.empty() : null;
  }

  void add(SequenceEvent event) {
    if (event instanceof SequenceEvent.Token token && token.logprobs() != null) {
      logprobSum += token.logprobs().logprob();
    }
    ChoiceProgress.Piece piece = progress.add(event);
    text.append(piece.text());
    tokens.addAll(piece.tokens());
    if (logprobs != null) {
      logprobs.addAll(piece.logprobs());
    }
    if (piece.finished() != null) {
      finished = piece.finished();
    }
  }

  int completionTokens() {
    return tokens.size();
  }

  int cachedTokens() {
    return finished.cachedTokens();
  }

  /** The mean log-probability of the generated tokens, by which {@code best_of} chooses. */
  double meanLogprob() {
    return tokens.isEmpty() ? 0 : logprobSum / tokens.size();
  }

  /** The whole choice; {@code promptTokenIds} is null unless token ids were asked for. */
  CompletionResponse.Choice build(int index, List<Integer> promptTokenIds) {
    return new CompletionResponse.Choice(
        text.toString(),
        index,
        logprobs,
        ChoiceProgress.finishReason(finished),
        ChoiceProgress.stopReason(finished),
        promptTokenIds == null ? null : tokens,
        promptTokenIds);
  }
}
