package io.github.gpt2server.api.openai.generation;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.swagger.v3.oas.annotations.media.Schema;

/** Numbers of tokens read and generated. */
@Schema(name = "Usage")
public record Usage(
    @JsonProperty("prompt_tokens") int promptTokens,
    @JsonProperty("completion_tokens") int completionTokens,
    @JsonProperty("total_tokens") int totalTokens,
    @JsonProperty("prompt_tokens_details") PromptTokensDetails promptTokensDetails) {

  /** Details of the prompt's tokens: how many the prefix cache served. */
  @Schema(name = "PromptTokensDetails")
  public record PromptTokensDetails(@JsonProperty("cached_tokens") int cachedTokens) {}
}
