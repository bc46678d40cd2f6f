package io.github.gpt2server.api.openai.completion;

import io.github.gpt2server.api.request.PromptTokens;
import io.github.gpt2server.engine.request.Generation;
import io.github.gpt2server.tokenizer.Gpt2Tokenizer;
import java.util.List;

/**
 * A valid completion request.
 *
 * @param id the response's id
 * @param created seconds since 1970
 * @param model the served model's id
 * @param prompts the prompts
 * @param n number of choices for each prompt
 * @param candidates number of sequences for each prompt, of which the {@code n} likeliest become
 *     choices
 * @param generation the engine request; its sequence {@code prompt × candidates + i} is the i-th of
 *     that prompt
 * @param tokenizer the served model's tokenizer
 * @param echo whether choices begin with their prompt
 * @param logprobs whether choices include log-probabilities
 * @param stream whether the response is streamed
 * @param includeUsage whether a final chunk of the stream reports the usage
 * @param continuousUsage whether every chunk reports the usage so far; implies {@code includeUsage}
 * @param returnTokenIds whether choices include their token ids
 */
record CompletionSpec(
    String id,
    long created,
    String model,
    List<PromptTokens> prompts,
    int n,
    int candidates,
    Generation generation,
    Gpt2Tokenizer tokenizer,
    boolean echo,
    boolean logprobs,
    boolean stream,
    boolean includeUsage,
    boolean continuousUsage,
    boolean returnTokenIds) {

  /** The prompt of a sequence of {@code generation}. */
  PromptTokens prompt(int sequence) {
    return prompts.get(sequence / candidates);
  }

  /** The token ids of each prompt. */
  List<int[]> promptIds() {
    return prompts.stream().map(PromptTokens::ids).toList();
  }
}
