package io.github.gpt2server.api.openai.generation;

import java.util.List;

/** Token counts as OpenAI reports them: each prompt counts once for all of its choices. */
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

  /** Adds cached prompt tokens; called once for each prompt. */
  void addCached(int tokens) {
    cachedTokens += tokens;
  }

  Usage build() {
    return new Usage(
        promptTokens,
        completionTokens,
        promptTokens + completionTokens,
        new Usage.PromptTokensDetails(cachedTokens));
  }
}
