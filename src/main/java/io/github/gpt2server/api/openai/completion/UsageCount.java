package io.github.gpt2server.api.openai.completion;

import java.util.List;

/** Counts tokens as OpenAI does: each prompt once, however many choices it has. */
final class UsageCount {
  private final int promptTokens;
  private int completionTokens;
  private int cachedTokens;

  UsageCount(List<int[]> prompts) {
    promptTokens = prompts.stream().mapToInt(prompt -> prompt.length).sum();
  }

  void addCompletion(int tokens) {
    completionTokens += tokens;
  }

  /** Prompt tokens that were cached; to be told once for each prompt. */
  void addCached(int tokens) {
    cachedTokens += tokens;
  }

  CompletionResponse.Usage build() {
    return new CompletionResponse.Usage(
        promptTokens,
        completionTokens,
        promptTokens + completionTokens,
        new CompletionResponse.PromptTokensDetails(cachedTokens));
  }
}
