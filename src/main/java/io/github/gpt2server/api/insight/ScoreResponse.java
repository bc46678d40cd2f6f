package io.github.gpt2server.api.insight;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.swagger.v3.oas.annotations.media.Schema;
import java.util.List;

/** How likely texts are. */
final class ScoreResponse {

  private ScoreResponse() {}

  /** The answer to one text. */
  @Schema(name = "Score")
  record Single(@JsonProperty("model") String model, @JsonUnwrapped Result result) {}

  /** The answer to an array of texts, in its order. */
  @Schema(name = "Scores")
  record Several(
      @JsonProperty("model") String model, @JsonProperty("results") List<Result> results) {}

  /** The answer to continuations, best first. */
  @Schema(name = "RankedContinuations")
  record Ranked(
      @JsonProperty("model") String model,
      @JsonProperty("continuations") List<Continuation> continuations) {}

  /** One text, token by token and in total; null where there is nothing to divide by. */
  @Schema(name = "TextScore")
  record Result(
      @JsonProperty("tokens") List<Token> tokens,
      @Schema(description = "Nats.") @JsonProperty("log_likelihood") double logLikelihood,
      @JsonProperty("scored_tokens") int scoredTokens,
      @JsonProperty("perplexity") Double perplexity,
      @JsonProperty("bits_per_token") Double bitsPerToken,
      @JsonProperty("bits_per_byte") Double bitsPerByte,
      @JsonProperty("bits_per_character") Double bitsPerCharacter,
      @JsonProperty("bits_per_word") Double bitsPerWord) {}

  /** One token; the first has nulls unless something was put before it. */
  @Schema(name = "ScoredToken")
  record Token(
      @JsonProperty("token") String token,
      @JsonProperty("token_id") int tokenId,
      @JsonProperty("bytes") int[] bytes,
      @JsonProperty("offset") int offset,
      @JsonProperty("logprob") Float logprob,
      @JsonProperty("surprisal_bits") Double surprisalBits,
      @JsonProperty("entropy_bits") Double entropyBits,
      @JsonProperty("rank") Integer rank,
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
  record Progress(
      @JsonProperty("scored_tokens") int scoredTokens,
      @JsonProperty("total_tokens") int totalTokens) {}
}
