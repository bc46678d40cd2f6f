package io.github.gpt2server.api.openai.chat;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import io.github.gpt2server.api.openai.generation.ChoiceFields;
import io.github.gpt2server.api.openai.generation.Timings;
import io.github.gpt2server.api.openai.generation.Usage;
import io.swagger.v3.oas.annotations.media.Schema;
import java.util.List;

/** The body of a chat response, in OpenAI's format. */
@Schema(name = "ChatResponse", description = "The answers to a conversation.")
public record ChatResponse(
    @Schema(example = "chatcmpl-6f1c2a7e9b3d4f5a8c0e1d2b3a4f5c6d") @JsonProperty("id") String id,
    @Schema(example = "chat.completion") @JsonProperty("object") String object,
    @Schema(description = "Creation time, in seconds since 1970.", example = "1764000000")
        @JsonProperty("created")
        long created,
    @JsonProperty("model") String model,
    @JsonProperty("choices") List<Choice> choices,
    @JsonProperty("usage") Usage usage,
    @JsonInclude(JsonInclude.Include.NON_NULL) @JsonProperty("timings") Timings timings) {

  static final String OBJECT = "chat.completion";
  static final String CHUNK_OBJECT = "chat.completion.chunk";

  /**
   * An answer.
   *
   * @param logprobs log-probabilities if requested, else null
   * @param finishReason {@code stop} or {@code length}
   * @param stopReason the stop string or token id that ended the text, else null
   * @param tokenIds the generated tokens if requested, else null
   * @param promptTokenIds the prompt's tokens if requested, else null
   * @param structuredMass how much of the probability the form of the text allows, else null
   */
  @Schema(name = "ChatChoice")
  public record Choice(
      @JsonProperty("index") int index,
      @JsonProperty("message") Message message,
      @Schema(nullable = true) @JsonProperty("logprobs") ChatLogprobs logprobs,
      @Schema(
              description =
                  "stop: a stop string or stop token ended the text; length: max_tokens or the end"
                      + " of the context was reached.",
              allowableValues = {"stop", "length"})
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
   * The message of an answer.
   *
   * @param refusal always null: OpenAI's field for refusals
   */
  @Schema(name = "ChatAnswer")
  public record Message(
      @Schema(example = "assistant") @JsonProperty("role") String role,
      @Schema(example = "The king was very old.") @JsonProperty("content") String content,
      @Schema(description = "Always null.", nullable = true) @JsonProperty("refusal")
          String refusal) {}

  /**
   * The new part of an answer.
   *
   * @param role the role, in an answer's first chunk
   * @param content the new text, or null if there is none
   */
  @Schema(name = "ChatDelta")
  record Delta(
      @Schema(description = "In an answer's first chunk alone.", example = "assistant")
          @JsonInclude(JsonInclude.Include.NON_NULL)
          @JsonProperty("role")
          String role,
      @Schema(description = "Absent if there is no new text.", example = " king")
          @JsonInclude(JsonInclude.Include.NON_NULL)
          @JsonProperty("content")
          String content) {}

  /** The new part of one answer in a chunk. */
  @Schema(name = "ChatChunkChoice")
  record ChunkChoice(
      @JsonProperty("index") int index,
      @JsonProperty("delta") Delta delta,
      @Schema(nullable = true) @JsonProperty("logprobs") ChatLogprobs logprobs,
      @Schema(
              description = "As in a whole answer; null except in an answer's last chunk.",
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
   * One chunk of a streamed chat.
   *
   * @param usage always null, and so omitted; a stream that reports it consists of {@link
   *     UsageChunk}s
   */
  @Schema(name = "ChatChunk", description = "One chunk of a streamed chat.")
  record Chunk(
      @Schema(example = "chatcmpl-6f1c2a7e9b3d4f5a8c0e1d2b3a4f5c6d") @JsonProperty("id") String id,
      @Schema(example = "chat.completion.chunk") @JsonProperty("object") String object,
      @Schema(description = "Creation time, in seconds since 1970.", example = "1764000000")
          @JsonProperty("created")
          long created,
      @JsonProperty("model") String model,
      @Schema(description = "The new part of one answer; empty in the final chunk with the usage.")
          @JsonProperty("choices")
          List<ChunkChoice> choices,
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
      @JsonProperty("choices") List<ChunkChoice> choices,
      @JsonInclude(JsonInclude.Include.ALWAYS) @JsonProperty("usage") Usage usage,
      @JsonInclude(JsonInclude.Include.NON_NULL) @JsonProperty("timings") Timings timings) {}
}
