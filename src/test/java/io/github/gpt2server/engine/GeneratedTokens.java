package io.github.gpt2server.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.engine.handle.GenerationHandle;
import io.github.gpt2server.engine.result.Outcome;
import io.github.gpt2server.engine.result.SequenceEvent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** The tokens that a generation of one sequence has brought. */
final class GeneratedTokens {
  private static final Duration LONG = Duration.ofSeconds(30);

  private GeneratedTokens() {}

  /** All of them, once it has ended as it should. */
  static List<Integer> of(GenerationHandle handle) throws InterruptedException {
    assertThat(handle.awaitEnd(LONG)).isTrue();
    assertThat(handle.outcome()).isEqualTo(Outcome.FINISHED);
    return soFar(handle);
  }

  /** Those that have come since the last look. */
  static List<Integer> soFar(GenerationHandle handle) throws InterruptedException {
    List<Integer> tokens = new ArrayList<>();
    for (var event = handle.poll(Duration.ZERO);
        event.isPresent();
        event = handle.poll(Duration.ZERO)) {
      if (event.get() instanceof SequenceEvent.Token token) {
        tokens.add(token.token());
      }
    }
    return tokens;
  }
}
