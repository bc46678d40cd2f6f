package io.github.gpt2server.api.insight.token;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.github.gpt2server.sampling.DrawDistribution;
import io.swagger.v3.oas.annotations.media.Schema;

/** How a token would be drawn; stands in an answer only where a request asks for it. */
@Schema(name = "TokenDraw")
public record TokenDraw(
    @Schema(
            description =
                "With sampling, the probability with which the token would be drawn next; of a"
                    + " candidate of several tokens, with which all of them would be drawn.")
        @JsonProperty("sampling_probability")
        Number samplingProbability,
    @Schema(
            description =
                "With sampling, the first filter that removes the token, or mask if it is excluded"
                    + " before the filters; null if it can be drawn. Of a candidate of several tokens"
                    + " the first that is removed counts.",
            allowableValues = {"top_k", "typical_p", "top_p", "min_p", "mirostat", "xtc", "mask"},
            nullable = true)
        @JsonProperty("removed_by")
        String removedBy) {

  /** The draw of tokens after the end of a text. */
  public static final TokenDraw NEVER = new TokenDraw(0.0, null);

  /** The draw of a token where every one is excluded. */
  public static final TokenDraw EXCLUDED = new TokenDraw(0.0, "mask");

  /** The draw of a token, or null if draws are not reported. */
  public static TokenDraw of(DrawDistribution draws, int token) {
    return draws == null ? null : new TokenDraw(draws.probability(token), draws.removedBy(token));
  }
}
