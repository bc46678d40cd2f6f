package io.github.gpt2server.api.openai.generation;

import java.util.List;

/**
 * The choices of a generation and their usage.
 *
 * @param choices each prompt's {@code n} choices, in the order of the prompts
 */
public record GenerationResult(List<Increment> choices, Usage usage) {}
