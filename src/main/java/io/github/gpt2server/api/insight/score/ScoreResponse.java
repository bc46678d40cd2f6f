package io.github.gpt2server.api.insight.score;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.github.gpt2server.api.encoding.PackedTokens;
import io.swagger.v3.oas.annotations.media.Schema;
import java.util.List;

/**
 * Likelihoods of texts: one record for every form of the response, and so one schema, which
 * generated clients read without knowing the form in advance.
 *
 * @param model the served model's id
 * @param result the result for a single text, else null
 * @param results the results for an array of texts, else null
 * @param continuations the ranked continuations, else null
 */
@Schema(
    description =
        "Likelihoods of texts. For a single text, the response has the fields of TextScore; for an"
            + " array of texts, it has results; for continuations, it has continuations.")
record ScoreResponse(
    @JsonProperty("model") String model,
    @JsonUnwrapped Result result,
    @Schema(description = "One result for each text of an array, in the same order.")
        @JsonInclude(JsonInclude.Include.NON_NULL)
        @JsonProperty("results")
        List<Result> results,
    @Schema(description = "The continuations, most likely first.")
        @JsonInclude(JsonInclude.Include.NON_NULL)
        @JsonProperty("continuations")
        List<Continuation> continuations) {

  /** The response for a single text. */
  static ScoreResponse single(String model, Result result) {
    return new ScoreResponse(model, result, null, null);
  }

  /** The response for an array of texts, in the same order. */
  static ScoreResponse several(String model, List<Result> results) {
    return new ScoreResponse(model, null, results, null);
  }

  /** The response for continuations, most likely first. */
  static ScoreResponse ranked(String model, List<Continuation> continuations) {
    return new ScoreResponse(model, null, null, continuations);
  }

  /** The score of one text, by token and in total; averages are null if no token was scored. */
  @Schema(name = "TextScore")
  record Result(
      @JsonProperty("tokens") List<Token> tokens,
      @Schema(description = "Sum of the log-probabilities, in nats.")
          @JsonProperty("log_likelihood")
          double logLikelihood,
      @JsonProperty("scored_tokens") int scoredTokens,
      @Schema(
              description = "Null if no token was scored, or if it exceeds the range of a double.",
              nullable = true)
          @JsonProperty("perplexity")
          Double perplexity,
      @Schema(nullable = true) @JsonProperty("bits_per_token") Double bitsPerToken,
      @Schema(nullable = true) @JsonProperty("bits_per_byte") Double bitsPerByte,
      @Schema(nullable = true) @JsonProperty("bits_per_character") Double bitsPerCharacter,
      @Schema(nullable = true) @JsonProperty("bits_per_word") Double bitsPerWord) {}

  /** The score of one token; null for a text's first token unless {@code add_bos} is set. */
  @Schema(name = "ScoredToken")
  record Token(
      @JsonProperty("token") String token,
      @JsonProperty("token_id") int tokenId,
      @JsonProperty("bytes") int[] bytes,
      @JsonProperty("offset") int offset,
      @Schema(nullable = true) @JsonProperty("logprob") Float logprob,
      @Schema(nullable = true) @JsonProperty("surprisal_bits") Double surprisalBits,
      @Schema(nullable = true) @JsonProperty("entropy_bits") Double entropyBits,
      @Schema(nullable = true) @JsonProperty("rank") Integer rank,
      @Schema(
              description =
                  "The most likely tokens, most likely first: an array, or with encoding_format"
                      + " base64 an object.",
              oneOf = {TopToken[].class, PackedTokens.class})
          @JsonInclude(JsonInclude.Include.NON_NULL)
          @JsonProperty("top_logprobs")
          Object topLogprobs) {}

  /** One of the most likely tokens at a position. */
  @Schema(name = "LikelyToken")
  record TopToken(
      @JsonProperty("token") String token,
      @JsonProperty("token_id") int tokenId,
      @JsonProperty("logprob") float logprob) {}

  /** A ranked continuation; {@code probability} is normalized over the request's continuations. */
  @Schema(name = "RankedContinuation")
  record Continuation(
      @JsonProperty("text") String text,
      @JsonProperty("token_ids") int[] tokenIds,
      @JsonProperty("tokens") List<ContinuationToken> tokens,
      @JsonProperty("log_likelihood") double logLikelihood,
      @JsonProperty("probability") double probability,
      @Schema(description = "Whether greedy decoding would generate it.") @JsonProperty("is_greedy")
          boolean isGreedy,
      @JsonProperty("rank") int rank) {}

  /** One token of a continuation. */
  @Schema(name = "ContinuationToken")
  record ContinuationToken(
      @JsonProperty("token") String token,
      @JsonProperty("token_id") int tokenId,
      @JsonProperty("logprob") float logprob,
      @JsonProperty("rank") int rank) {}

  /** The progress of a streamed request. */
  @Schema(name = "ScoreProgress")
  record Progress(
      @JsonProperty("scored_tokens") int scoredTokens,
      @JsonProperty("total_tokens") int totalTokens) {}
}
