package io.github.gpt2server.api.openai.completion;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import io.github.gpt2server.api.encoding.EncodingFormat;
import io.github.gpt2server.api.encoding.PackedTokens;
import io.github.gpt2server.api.openai.generation.ChoiceFields;
import io.github.gpt2server.api.openai.generation.ReportedToken;
import io.github.gpt2server.api.openai.generation.Timings;
import io.github.gpt2server.api.openai.generation.Usage;
import io.github.gpt2server.engine.result.TokenLogprobs;
import io.github.gpt2server.tokenizer.Gpt2Tokenizer;
import io.github.gpt2server.web.json.ComputedList;
import io.swagger.v3.oas.annotations.media.ArraySchema;
import io.swagger.v3.oas.annotations.media.Schema;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** The body of a completion response, in OpenAI's format. */
@Schema(description = "A completion.")
public record CompletionResponse(
    @Schema(example = "cmpl-6f1c2a7e9b3d4f5a8c0e1d2b3a4f5c6d") @JsonProperty("id") String id,
    @Schema(example = "text_completion") @JsonProperty("object") String object,
    @Schema(description = "Creation time, in seconds since 1970.", example = "1764000000")
        @JsonProperty("created")
        long created,
    @JsonProperty("model") String model,
    @JsonProperty("choices") List<Choice> choices,
    @JsonProperty("usage") Usage usage,
    @JsonInclude(JsonInclude.Include.NON_NULL) @JsonProperty("timings") Timings timings) {

  static final String OBJECT = "text_completion";

  /**
   * One continuation of one prompt.
   *
   * @param text the generated text; in a chunk, the new text
   * @param index {@code prompt × n + i}
   * @param logprobs log-probabilities if requested, else null
   * @param finishReason {@code stop} or {@code length}; null except in a choice's last chunk
   * @param stopReason the stop string or token id that ended the text, else null
   * @param tokenIds the generated tokens if requested, else null
   * @param promptTokenIds the prompt's tokens if requested, else null
   * @param structuredMass how much of the probability the form of the text allows, else null
   */
  @Schema(name = "CompletionChoice")
  public record Choice(
      @Schema(example = ", there was a king") @JsonProperty("text") String text,
      @JsonProperty("index") int index,
      @Schema(nullable = true) @JsonProperty("logprobs") Logprobs logprobs,
      @Schema(
              description =
                  "stop: a stop string or stop token ended the text; length: max_tokens was reached."
                      + " Null except in the last chunk of a choice.",
              allowableValues = {"stop", "length"},
              nullable = true)
          @JsonProperty("finish_reason")
          String finishReason,
      @Schema(
              description = ChoiceFields.STOP_REASON,
              oneOf = {String.class, Integer.class},
              nullable = true)
          @JsonProperty("stop_reason")
          Object stopReason,
      @JsonInclude(JsonInclude.Include.NON_NULL) @JsonProperty("token_ids") List<Integer> tokenIds,
      @JsonInclude(JsonInclude.Include.NON_NULL) @JsonProperty("prompt_token_ids")
          List<Integer> promptTokenIds,
      @Schema(
              description = ChoiceFields.STRUCTURED_MASS,
              oneOf = {Double.class, Double[].class})
          @JsonInclude(JsonInclude.Include.NON_NULL)
          @JsonProperty("structured_mass")
          Object structuredMass) {}

  /**
   * Log-probabilities of a text's tokens; the lists run in parallel.
   *
   * @param tokens the tokens as text; {@code bytes:\\xe2\\x80} for a token that is not valid UTF-8,
   *     {@code token_id:4096} for an id without a token
   * @param tokenLogprobs natural logarithms; null for the first token of an echoed prompt
   * @param topLogprobs the most likely tokens at each position and the token of the text itself
   * @param textOffset the start of each token, in code points from the start of the prompt
   */
  @Schema(name = "CompletionLogprobs")
  public record Logprobs(
      @JsonProperty("tokens") List<String> tokens,
      @ArraySchema(schema = @Schema(nullable = true)) @JsonProperty("token_logprobs")
          List<Float> tokenLogprobs,
      @ArraySchema(
              schema =
                  @Schema(
                      oneOf = {TopLogprobs.class, PackedTokens.class},
                      nullable = true))
          @JsonProperty("top_logprobs")
          List<Object> topLogprobs,
      @JsonProperty("text_offset") List<Integer> textOffset) {

    /**
     * The lists of these tokens.
     *
     * @param tokenIds further tokens that each position reports
     */
    static Logprobs of(
        List<ReportedToken> reported,
        Gpt2Tokenizer tokenizer,
        int[] tokenIds,
        EncodingFormat encoding) {
      TokenKeys keys = TokenKeys.of(tokenizer);
      List<String> tokens = new ArrayList<>();
      List<Float> tokenLogprobs = new ArrayList<>();
      List<TopLogprobs> topLogprobs = new ArrayList<>();
      List<Integer> textOffset = new ArrayList<>();
      for (ReportedToken each : reported) {
        TokenLogprobs logprobs = each.logprobs();
        tokens.add(tokenizer.token(each.token()));
        tokenLogprobs.add(logprobs == null ? null : logprobs.logprob());
        topLogprobs.add(
            logprobs == null ? null : new TopLogprobs(keys, each.token(), logprobs, tokenIds));
        textOffset.add(each.offset());
      }
      return new Logprobs(tokens, tokenLogprobs, encoded(topLogprobs, encoding), textOffset);
    }

    /** Arrays are made while they are written: those of an answer would be many at once. */
    private static List<Object> encoded(List<TopLogprobs> tops, EncodingFormat encoding) {
      return encoding == EncodingFormat.FLOAT
          ? Collections.unmodifiableList(tops)
          : ComputedList.of(tops.size(), i -> tops.get(i) == null ? null : tops.get(i).packed());
    }
  }

  /**
   * One chunk of a streamed completion.
   *
   * @param usage always null, and so omitted; a stream that reports it consists of {@link
   *     UsageChunk}s
   */
  @Schema(name = "CompletionChunk", description = "One chunk of a streamed completion.")
  record Chunk(
      @Schema(example = "cmpl-6f1c2a7e9b3d4f5a8c0e1d2b3a4f5c6d") @JsonProperty("id") String id,
      @Schema(example = "text_completion") @JsonProperty("object") String object,
      @Schema(description = "Creation time, in seconds since 1970.", example = "1764000000")
          @JsonProperty("created")
          long created,
      @JsonProperty("model") String model,
      @Schema(description = "The new part of one choice; empty in the final chunk with the usage.")
          @JsonProperty("choices")
          List<Choice> choices,
      @Schema(
              description =
                  "With stream_options.include_usage, null except in the last chunk; with"
                      + " continuous_usage_stats, the usage so far. Absent without include_usage.",
              nullable = true)
          @JsonInclude(JsonInclude.Include.NON_NULL)
          @JsonProperty("usage")
          Usage usage,
      @JsonInclude(JsonInclude.Include.NON_NULL) @JsonProperty("timings") Timings timings) {}

  /** A chunk of a stream that reports usage: every chunk has {@code usage}, perhaps null. */
  record UsageChunk(
      @JsonProperty("id") String id,
      @JsonProperty("object") String object,
      @JsonProperty("created") long created,
      @JsonProperty("model") String model,
      @JsonProperty("choices") List<Choice> choices,
      @JsonInclude(JsonInclude.Include.ALWAYS) @JsonProperty("usage") Usage usage,
      @JsonInclude(JsonInclude.Include.NON_NULL) @JsonProperty("timings") Timings timings) {}
}
