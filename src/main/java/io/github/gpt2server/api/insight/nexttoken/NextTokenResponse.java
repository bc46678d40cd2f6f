package io.github.gpt2server.api.insight.nexttoken;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.github.gpt2server.api.insight.token.NextToken;
import io.swagger.v3.oas.annotations.media.Schema;
import java.util.List;

/**
 * What may come next after one prompt or several: one record for both forms of the answer, and so
 * one schema, which generated clients read without having to guess the form.
 *
 * @param model the served model's id
 * @param result the answer for one prompt, else null
 * @param results the answer for an array of prompts, else null
 */
@Schema(
    description =
        "What may come next. After one prompt the answer has the fields of NextTokenResult, after"
            + " an array of prompts results.")
public record NextTokenResponse(
    @JsonProperty("model") String model,
    @JsonUnwrapped Result result,
    @Schema(description = "One for each prompt of an array, in its order.")
        @JsonInclude(JsonInclude.Include.NON_NULL)
        @JsonProperty("results")
        List<Result> results) {

  /** The answer for one prompt. */
  static NextTokenResponse single(String model, Result result) {
    return new NextTokenResponse(model, result, null);
  }

  /** The answer for an array of prompts, in its order. */
  static NextTokenResponse several(String model, List<Result> results) {
    return new NextTokenResponse(model, null, results);
  }

  /** The next token's distribution after one prompt. */
  @Schema(name = "NextTokenResult")
  public record Result(
      @Schema(example = "8") @JsonProperty("prompt_tokens") int promptTokens,
      @Schema(description = "Entropy of the distribution in bits.", example = "5.31")
          @JsonProperty("entropy_bits")
          double entropyBits,
      @Schema(description = "The likeliest tokens, best first.") @JsonProperty("top")
          List<NextToken> top,
      @Schema(description = "The candidates asked for, in the order of the request.")
          @JsonProperty("candidates")
          List<Candidate> candidates) {}

  /** A text that may come next. */
  @Schema(name = "NextTokenCandidate")
  public record Candidate(
      @JsonProperty("text") String text,
      @JsonProperty("token_ids") int[] tokenIds,
      @JsonProperty("probability") double probability,
      @Schema(description = "Natural logarithm of the probability.") @JsonProperty("logprob")
          double logprob,
      @Schema(
              description = "1 for the likeliest token of all; null for several tokens.",
              nullable = true)
          @JsonProperty("rank")
          Integer rank) {}
}
