package io.github.gpt2server.api.insight.nexttoken;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.github.gpt2server.api.encoding.PackedTokens;
import io.github.gpt2server.api.insight.token.NextToken;
import io.github.gpt2server.api.insight.token.TokenDraw;
import io.swagger.v3.oas.annotations.media.Schema;
import java.util.List;

/**
 * The next token's distribution after one prompt or several: one record for both forms of the
 * response, and so one schema, which generated clients read without knowing the form in advance.
 *
 * @param model the served model's id
 * @param result the result for a single prompt, else null
 * @param results the results for an array of prompts, else null
 */
@Schema(
    description =
        "The next token's distribution. For a single prompt, the response has the fields of"
            + " NextTokenResult; for an array of prompts, it has results.")
public record NextTokenResponse(
    @JsonProperty("model") String model,
    @JsonUnwrapped Result result,
    @Schema(description = "One result for each prompt of an array, in the same order.")
        @JsonInclude(JsonInclude.Include.NON_NULL)
        @JsonProperty("results")
        List<Result> results) {

  /** The response for a single prompt. */
  static NextTokenResponse single(String model, Result result) {
    return new NextTokenResponse(model, result, null);
  }

  /** The response for an array of prompts, in the same order. */
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
      @Schema(
              description =
                  "The most likely tokens, most likely first: an array, or with encoding_format"
                      + " base64 an object.",
              oneOf = {NextToken[].class, PackedTokens.class})
          @JsonProperty("top")
          Object top,
      @Schema(description = "The candidates, in the order of the request.")
          @JsonProperty("candidates")
          List<Candidate> candidates) {}

  /** The probability of a candidate. */
  @Schema(name = "NextTokenCandidate")
  public record Candidate(
      @JsonProperty("text") String text,
      @JsonProperty("token_ids") int[] tokenIds,
      @JsonProperty("probability") double probability,
      @Schema(description = "Natural logarithm of the probability.") @JsonProperty("logprob")
          double logprob,
      @Schema(
              description = "1 for the most likely token; null for a candidate of several tokens.",
              nullable = true)
          @JsonProperty("rank")
          Integer rank,
      @JsonUnwrapped TokenDraw draw) {}
}
