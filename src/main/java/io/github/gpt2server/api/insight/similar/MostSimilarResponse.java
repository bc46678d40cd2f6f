package io.github.gpt2server.api.insight.similar;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.swagger.v3.oas.annotations.media.Schema;
import java.util.List;

/** Tokens whose embeddings are near, nearest first. */
@Schema(description = "The nearest tokens, nearest first, without those given.")
public record MostSimilarResponse(@JsonProperty("results") List<Neighbour> results) {

  /** A token whose embedding is near. */
  @Schema(name = "Neighbour")
  public record Neighbour(
      @JsonProperty("token_id") int tokenId,
      @Schema(
              description =
                  "Its text; bytes:\\xe2\\x80 if that is no whole character, token_id:4096 for an id"
                      + " that stands for nothing.")
          @JsonProperty("token")
          String token,
      @Schema(description = "Cosine, from -1 to 1.", example = "0.66") @JsonProperty("similarity")
          float similarity) {}
}
