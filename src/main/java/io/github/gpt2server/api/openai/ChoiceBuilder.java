package io.github.gpt2server.api.openai;

import io.github.gpt2server.engine.SequenceEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Gathers what one sequence generates into a choice. */
final class ChoiceBuilder {
  private final StringBuilder text = new StringBuilder();
  private final List<Integer> tokens = new ArrayList<>();
  private SequenceEvent.Finished finished;

  void add(SequenceEvent event) {
    if (event instanceof SequenceEvent.Token token) {
      text.append(token.text());
      tokens.add(token.token());
    } else if (event instanceof SequenceEvent.Finished end) {
      text.append(end.text());
      finished = end;
    }
  }

  int completionTokens() {
    return tokens.size();
  }

  int cachedTokens() {
    return finished.cachedTokens();
  }

  /** The whole choice; {@code promptTokenIds} is null unless token ids were asked for. */
  CompletionResponse.Choice build(int index, List<Integer> promptTokenIds) {
    return new CompletionResponse.Choice(
        text.toString(),
        index,
        null,
        finishReason(finished),
        stopReason(finished),
        promptTokenIds == null ? null : tokens,
        promptTokenIds);
  }

  static String finishReason(SequenceEvent.Finished finished) {
    return finished.reason().name().toLowerCase(Locale.ROOT);
  }

  /** A string or a token id, as vLLM tells it. */
  static Object stopReason(SequenceEvent.Finished finished) {
    if (finished.stopString() != null) {
      return finished.stopString();
    }
    return finished.stopToken() >= 0 ? finished.stopToken() : null;
  }
}
