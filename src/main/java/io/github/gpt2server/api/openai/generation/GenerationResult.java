package io.github.gpt2server.api.openai.generation;

import java.util.List;

/**
 * The choices of a generation and their usage.
 *
 * @param choices each prompt's {@code n} choices, in the order of the prompts
 * @param timings where the time went, or null if that is not reported
 */
public record GenerationResult(List<Increment> choices, Usage usage, Timings timings) {

  /** This result with timings. */
  GenerationResult with(Timings timings) {
    return new GenerationResult(choices, usage, timings);
  }
}
