package io.github.gpt2server.ops.exchange;

import io.github.gpt2server.engine.handle.RequestProgress;
import io.github.gpt2server.text.Excerpt;
import java.util.List;
import java.util.function.Function;

/**
 * The text of prompts for logs and traces. Prompts are the clients' matter: nothing of them is
 * there unless the operator wants it.
 */
public final class PromptText {
  /** Shows nothing. */
  public static final PromptText HIDDEN = new PromptText(null);

  private static final int MAX_CHARACTERS = 2000;

  private final Function<int[], String> decoder;

  private PromptText(Function<int[], String> decoder) {
    this.decoder = decoder;
  }

  /** Shows what {@code decoder} makes of the token ids, the beginning of it if it is long. */
  public static PromptText shown(Function<int[], String> decoder) {
    return new PromptText(decoder);
  }

  /** The prompts of these requests; none if they are hidden. */
  public List<String> of(List<RequestProgress> requests) {
    if (decoder == null) {
      return List.of();
    }
    return requests.stream()
        .flatMap(request -> request.prompts().stream())
        .filter(prompt -> prompt.length > 0)
        .map(decoder)
        .map(text -> Excerpt.beginning(text, MAX_CHARACTERS))
        .toList();
  }
}
