package io.github.gpt2server.api.insight.similar;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.swagger.v3.oas.annotations.media.Schema;
import java.util.List;

/** Tokens with similar embeddings, most similar first. */
@Schema(description = "The most similar tokens, most similar first, without the terms themselves.")
public record MostSimilarResponse(@JsonProperty("results") List<Neighbor> results) {

  /** A token with a similar embedding. */
  @Schema(name = "Neighbor")
  public record Neighbor(
      @JsonProperty("token_id") int tokenId,
      @Schema(
              description =
                  "The token's text; bytes:\\xe2\\x80 if it is not valid UTF-8, token_id:4096 for an"
                      + " id without a token.")
          @JsonProperty("token")
          String token,
      @Schema(description = "Cosine similarity, from -1 to 1.", example = "0.66")
          @JsonProperty("similarity")
          float similarity) {}
}
