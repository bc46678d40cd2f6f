package io.github.gpt2server.api.insight.token;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.github.gpt2server.analysis.TokenDistribution;
import io.github.gpt2server.tokenizer.Gpt2Tokenizer;
import io.github.gpt2server.web.json.ComputedList;
import io.swagger.v3.oas.annotations.media.Schema;
import java.util.List;

/** A token that may come next. */
@Schema(name = "NextToken")
public record NextToken(
    @JsonProperty("token_id") int tokenId,
    @Schema(
            description =
                "Its text; bytes:\\xe2\\x80 if that is no whole character, token_id:4096 for an id"
                    + " that stands for nothing.")
        @JsonProperty("token")
        String token,
    @Schema(description = "Its bytes as numbers.") @JsonProperty("bytes") int[] bytes,
    @JsonProperty("probability") double probability,
    @Schema(description = "Natural logarithm of the probability.") @JsonProperty("logprob")
        double logprob,
    @Schema(description = "1 for the likeliest of all.") @JsonProperty("rank") int rank) {

  /** The {@code k} likeliest tokens of a distribution, or all if there are fewer. */
  public static List<NextToken> likeliest(
      TokenDistribution distribution, int k, Gpt2Tokenizer tokenizer) {
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
              place + 1);
        });
  }
}
