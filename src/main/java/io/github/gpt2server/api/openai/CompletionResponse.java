package io.github.gpt2server.api.openai;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import io.swagger.v3.oas.annotations.media.Schema;
import java.util.List;

/** OpenAI's completion; also the shape of a streamed chunk. */
@Schema(description = "A completion, or one chunk of a streamed one.")
public record CompletionResponse(
    @Schema(example = "cmpl-6f1c2a7e9b3d4f5a8c0e1d2b3a4f5c6d") @JsonProperty("id") String id,
    @Schema(example = "text_completion") @JsonProperty("object") String object,
    @Schema(description = "Seconds since 1970.", example = "1764000000") @JsonProperty("created")
        long created,
    @JsonProperty("model") String model,
    @JsonProperty("choices") List<Choice> choices,
    @JsonInclude(JsonInclude.Include.NON_NULL) @JsonProperty("usage") Usage usage) {

  static final String OBJECT = "text_completion";

  /**
   * One continuation of one prompt.
   *
   * @param text what was generated, or in a chunk what is new
   * @param index prompt × n + i
   * @param logprobs always null here
   * @param finishReason {@code stop} or {@code length}; null in a chunk that is not the last
   * @param stopReason the stop string or token id that ended the text, else null
   * @param tokenIds the generated tokens, if asked for
   * @param promptTokenIds the prompt's tokens, if asked for
   */
  @Schema(name = "CompletionChoice")
  public record Choice(
      @Schema(example = ", there was a king") @JsonProperty("text") String text,
      @JsonProperty("index") int index,
      @Schema(nullable = true) @JsonProperty("logprobs") Object logprobs,
      @Schema(
              description = "stop: a stop string or token; length: max_tokens.",
              allowableValues = {"stop", "length"},
              nullable = true)
          @JsonProperty("finish_reason")
          String finishReason,
      @Schema(
              description = "The stop string or token id that ended the text, else null.",
              oneOf = {String.class, Integer.class})
          @JsonProperty("stop_reason")
          Object stopReason,
      @JsonInclude(JsonInclude.Include.NON_NULL) @JsonProperty("token_ids") List<Integer> tokenIds,
      @JsonInclude(JsonInclude.Include.NON_NULL) @JsonProperty("prompt_token_ids")
          List<Integer> promptTokenIds) {}

  /** How many tokens were read and written. */
  @Schema(name = "Usage")
  public record Usage(
      @JsonProperty("prompt_tokens") int promptTokens,
      @JsonProperty("completion_tokens") int completionTokens,
      @JsonProperty("total_tokens") int totalTokens,
      @JsonProperty("prompt_tokens_details") PromptTokensDetails promptTokensDetails) {}

  /** How much of the prompt was known already. */
  @Schema(name = "PromptTokensDetails")
  public record PromptTokensDetails(@JsonProperty("cached_tokens") int cachedTokens) {}

  /** A chunk of a stream that reports usage: {@code usage} is there in every one, if only null. */
  record UsageChunk(
      @JsonProperty("id") String id,
      @JsonProperty("object") String object,
      @JsonProperty("created") long created,
      @JsonProperty("model") String model,
      @JsonProperty("choices") List<Choice> choices,
      @JsonInclude(JsonInclude.Include.ALWAYS) @JsonProperty("usage") Usage usage) {}
}
