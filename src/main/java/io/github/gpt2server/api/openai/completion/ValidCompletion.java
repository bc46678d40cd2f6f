package io.github.gpt2server.api.openai.completion;

import io.github.gpt2server.api.request.PromptTokens;
import io.github.gpt2server.engine.request.Generation;
import io.github.gpt2server.tokenizer.Gpt2Tokenizer;
import java.util.List;

/**
 * A completion request that was found valid.
 *
 * @param id the answer's id
 * @param created seconds since 1970
 * @param model the served model's id
 * @param prompts the prompts
 * @param n choices of each prompt
 * @param candidates sequences of each prompt, of which the {@code n} likeliest become choices
 * @param generation what the engine is asked; its sequence {@code prompt × candidates + i} is the
 *     i-th of that prompt
 * @param tokenizer the model's
 * @param echo whether choices begin with their prompt
 * @param logprobs whether choices have log-probabilities
 * @param stream whether the answer is streamed
 * @param includeUsage whether the stream ends with the usage
 * @param continuousUsage whether every chunk of such a stream has the usage so far
 * @param returnTokenIds whether choices have their token ids
 */
record ValidCompletion(
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

  /** Token ids of each prompt. */
  List<int[]> promptIds() {
    return prompts.stream().map(PromptTokens::ids).toList();
  }
}
