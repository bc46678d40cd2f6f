package io.github.gpt2server.api.openai.completion;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import io.swagger.v3.oas.annotations.media.ArraySchema;
import io.swagger.v3.oas.annotations.media.Schema;
import java.util.ArrayList;
import java.util.List;

/** OpenAI's completion. */
@Schema(description = "A completion.")
public record CompletionResponse(
    @Schema(example = "cmpl-6f1c2a7e9b3d4f5a8c0e1d2b3a4f5c6d") @JsonProperty("id") String id,
    @Schema(example = "text_completion") @JsonProperty("object") String object,
    @Schema(description = "Seconds since 1970.", example = "1764000000") @JsonProperty("created")
        long created,
    @JsonProperty("model") String model,
    @JsonProperty("choices") List<Choice> choices,
    @JsonProperty("usage") Usage usage) {

  static final String OBJECT = "text_completion";

  /**
   * One continuation of one prompt.
   *
   * @param text what was generated, or in a chunk what is new
   * @param index prompt × n + i
   * @param logprobs if asked for, else null
   * @param finishReason {@code stop} or {@code length}; null in a chunk that is not the last
   * @param stopReason the stop string or token id that ended the text, else null
   * @param tokenIds the generated tokens, if asked for
   * @param promptTokenIds the prompt's tokens, if asked for
   */
  @Schema(name = "CompletionChoice")
  public record Choice(
      @Schema(example = ", there was a king") @JsonProperty("text") String text,
      @JsonProperty("index") int index,
      @Schema(nullable = true) @JsonProperty("logprobs") Logprobs logprobs,
      @Schema(
              description =
                  "stop: a stop string or token; length: max_tokens. Null in a chunk that is not the"
                      + " last of its choice.",
              allowableValues = {"stop", "length"},
              nullable = true)
          @JsonProperty("finish_reason")
          String finishReason,
      @Schema(
              description = "The stop string or token id that ended the text, else null.",
              oneOf = {String.class, Integer.class},
              nullable = true)
          @JsonProperty("stop_reason")
          Object stopReason,
      @JsonInclude(JsonInclude.Include.NON_NULL) @JsonProperty("token_ids") List<Integer> tokenIds,
      @JsonInclude(JsonInclude.Include.NON_NULL) @JsonProperty("prompt_token_ids")
          List<Integer> promptTokenIds) {}

  /**
   * Log-probabilities of a text's tokens; the lists run in parallel.
   *
   * @param tokens as text; {@code bytes:\\xe2\\x80} where they are no whole characters, {@code
   *     token_id:4096} where an id stands for nothing
   * @param tokenLogprobs natural logarithms; null for the first token of an echoed prompt
   * @param topLogprobs the likeliest tokens at each place and the one that stands there
   * @param textOffset where each token begins, in code points from the start of the prompt
   */
  @Schema(name = "CompletionLogprobs")
  public record Logprobs(
      @JsonProperty("tokens") List<String> tokens,
      @ArraySchema(schema = @Schema(nullable = true)) @JsonProperty("token_logprobs")
          List<Float> tokenLogprobs,
      @ArraySchema(schema = @Schema(implementation = TopLogprobs.class, nullable = true))
          @JsonProperty("top_logprobs")
          List<TopLogprobs> topLogprobs,
      @JsonProperty("text_offset") List<Integer> textOffset) {

    static Logprobs empty() {
      return new Logprobs(
          new ArrayList<>(), new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
    }

    void addAll(Logprobs more) {
      tokens.addAll(more.tokens);
      tokenLogprobs.addAll(more.tokenLogprobs);
      topLogprobs.addAll(more.topLogprobs);
      textOffset.addAll(more.textOffset);
    }
  }

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

  /**
   * A chunk of a stream.
   *
   * @param usage null, and so left out; a stream that reports it is of {@link UsageChunk}s
   */
  @Schema(name = "CompletionChunk", description = "One chunk of a streamed completion.")
  record Chunk(
      @Schema(example = "cmpl-6f1c2a7e9b3d4f5a8c0e1d2b3a4f5c6d") @JsonProperty("id") String id,
      @Schema(example = "text_completion") @JsonProperty("object") String object,
      @Schema(description = "Seconds since 1970.", example = "1764000000") @JsonProperty("created")
          long created,
      @JsonProperty("model") String model,
      @Schema(description = "What is new in one choice; empty in the chunk that has the usage.")
          @JsonProperty("choices")
          List<Choice> choices,
      @Schema(
              description =
                  "With stream_options.include_usage: null but in the last chunk, with continuous_usage_stats what was used so far; absent without.",
              nullable = true)
          @JsonInclude(JsonInclude.Include.NON_NULL)
          @JsonProperty("usage")
          Usage usage) {}

  /** A chunk of a stream that reports usage: {@code usage} is there in every one, if only null. */
  record UsageChunk(
      @JsonProperty("id") String id,
      @JsonProperty("object") String object,
      @JsonProperty("created") long created,
      @JsonProperty("model") String model,
      @JsonProperty("choices") List<Choice> choices,
      @JsonInclude(JsonInclude.Include.ALWAYS) @JsonProperty("usage") Usage usage) {}
}
