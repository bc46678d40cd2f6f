package io.github.gpt2server.api.insight.token;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.github.gpt2server.analysis.TokenDistribution;
import io.github.gpt2server.sampling.DrawDistribution;
import io.github.gpt2server.tokenizer.Gpt2Tokenizer;
import io.github.gpt2server.web.json.ComputedList;
import io.swagger.v3.oas.annotations.media.Schema;
import java.util.List;

/** A possible next token. */
@Schema(name = "NextToken")
public record NextToken(
    @JsonProperty("token_id") int tokenId,
    @Schema(
            description =
                "The token's text; bytes:\\xe2\\x80 if it is not valid UTF-8, token_id:4096 for an"
                    + " id without a token.")
        @JsonProperty("token")
        String token,
    @Schema(description = "The token's bytes, as numbers from 0 to 255.") @JsonProperty("bytes")
        int[] bytes,
    @JsonProperty("probability") double probability,
    @Schema(description = "Natural logarithm of the probability.") @JsonProperty("logprob")
        double logprob,
    @Schema(description = "1 for the most likely token.") @JsonProperty("rank") int rank,
    @JsonUnwrapped TokenDraw draw) {

  /** The {@code k} most likely tokens of a distribution, or all if there are fewer. */
  public static List<NextToken> likeliest(
      TokenDistribution distribution, int k, Gpt2Tokenizer tokenizer) {
    return likeliest(distribution, k, tokenizer, null);
  }

  /**
   * The {@code k} most likely tokens of a distribution, and how they would be drawn.
   *
   * @param draws the probabilities with which tokens are drawn, or null if they are not reported
   */
  public static List<NextToken> likeliest(
      TokenDistribution distribution, int k, Gpt2Tokenizer tokenizer, DrawDistribution draws) {
    int[] likeliest = distribution.likeliest(k);
    return ComputedList.of(
        likeliest.length,
        place -> {
          int token = likeliest[place];
          return new NextToken(
              token,
              tokenizer.token(token),
              TokenBytes.unsigned(tokenizer.bytes(token)),
              distribution.probability(token),
              distribution.logprob(token),
              place + 1,
              TokenDraw.of(draws, token));
        });
  }
}
