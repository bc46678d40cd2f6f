package io.github.gpt2server.api.insight.vocabulary;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.swagger.v3.oas.annotations.media.Schema;
import java.util.List;

/** The body of a response to {@code GET /v1/vocabulary}. */
@Schema(name = "Vocabulary")
public record VocabularyResponse(
    @Schema(description = "The first of the tokens that match, in order of id.")
        @JsonProperty("tokens")
        List<Token> tokens,
    @Schema(description = "Number of all tokens that match.", example = "3") @JsonProperty("total")
        int total) {

  /** One token of the vocabulary. */
  @Schema(name = "VocabularyToken")
  public record Token(
      @JsonProperty("id") int id,
      @Schema(
              description =
                  "The token's text; bytes:\\xe2\\x80 if it is not valid UTF-8, token_id:4096 for an"
                      + " id without a token.",
              example = " king")
          @JsonProperty("token")
          String token,
      @Schema(description = "The token's bytes, as numbers from 0 to 255.") @JsonProperty("bytes")
          int[] bytes) {}
}
