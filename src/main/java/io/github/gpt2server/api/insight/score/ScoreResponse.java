package io.github.gpt2server.api.insight.score;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.swagger.v3.oas.annotations.media.Schema;
import java.util.List;

/**
 * How likely texts are: one record for every form of the answer, and so one schema, which generated
 * clients read without having to guess the form.
 *
 * @param model the served model's id
 * @param result the answer to one text, else null
 * @param results the answer to an array of texts, else null
 * @param continuations the answer to continuations, else null
 */
@Schema(
    description =
        "How likely texts are. To one text the answer has the fields of TextScore, to an array of"
            + " texts results, to continuations these.")
record ScoreResponse(
    @JsonProperty("model") String model,
    @JsonUnwrapped Result result,
    @Schema(description = "One for each text of an array, in its order.")
        @JsonInclude(JsonInclude.Include.NON_NULL)
        @JsonProperty("results")
        List<Result> results,
    @Schema(description = "The continuations, best first.")
        @JsonInclude(JsonInclude.Include.NON_NULL)
        @JsonProperty("continuations")
        List<Continuation> continuations) {

  /** The answer to one text. */
  static ScoreResponse single(String model, Result result) {
    return new ScoreResponse(model, result, null, null);
  }

  /** The answer to an array of texts, in its order. */
  static ScoreResponse several(String model, List<Result> results) {
    return new ScoreResponse(model, null, results, null);
  }

  /** The answer to continuations, best first. */
  static ScoreResponse ranked(String model, List<Continuation> continuations) {
    return new ScoreResponse(model, null, null, continuations);
  }

  /** One text, token by token and in total; quotients are null where nothing was scored. */
  @Schema(name = "TextScore")
  record Result(
      @JsonProperty("tokens") List<Token> tokens,
      @Schema(description = "Nats.") @JsonProperty("log_likelihood") double logLikelihood,
      @JsonProperty("scored_tokens") int scoredTokens,
      @Schema(
              description = "Null where nothing was scored, or if it is too large for a double.",
              nullable = true)
          @JsonProperty("perplexity")
          Double perplexity,
      @Schema(nullable = true) @JsonProperty("bits_per_token") Double bitsPerToken,
      @Schema(nullable = true) @JsonProperty("bits_per_byte") Double bitsPerByte,
      @Schema(nullable = true) @JsonProperty("bits_per_character") Double bitsPerCharacter,
      @Schema(nullable = true) @JsonProperty("bits_per_word") Double bitsPerWord) {}

  /** One token; the first has nulls unless something was put before it. */
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
      @JsonInclude(JsonInclude.Include.NON_NULL) @JsonProperty("top_logprobs")
          List<TopToken> topLogprobs) {}

  /** One of the likeliest tokens at a place. */
  @Schema(name = "LikelyToken")
  record TopToken(
      @JsonProperty("token") String token,
      @JsonProperty("token_id") int tokenId,
      @JsonProperty("logprob") float logprob) {}

  /** A continuation; {@code probability} is normalised among those that were given. */
  @Schema(name = "RankedContinuation")
  record Continuation(
      @JsonProperty("text") String text,
      @JsonProperty("token_ids") int[] tokenIds,
      @JsonProperty("tokens") List<ContinuationToken> tokens,
      @JsonProperty("log_likelihood") double logLikelihood,
      @JsonProperty("probability") double probability,
      @Schema(description = "Whether greedy decoding would write it.") @JsonProperty("is_greedy")
          boolean isGreedy,
      @JsonProperty("rank") int rank) {}

  /** One token of a continuation. */
  @Schema(name = "ContinuationToken")
  record ContinuationToken(
      @JsonProperty("token") String token,
      @JsonProperty("token_id") int tokenId,
      @JsonProperty("logprob") float logprob,
      @JsonProperty("rank") int rank) {}

  /** How far a streamed answer is. */
  @Schema(name = "ScoreProgress")
  record Progress(
      @JsonProperty("scored_tokens") int scoredTokens,
      @JsonProperty("total_tokens") int totalTokens) {}
}
