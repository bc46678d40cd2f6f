package io.github.gpt2server.api.insight.tokenize;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.swagger.v3.oas.annotations.media.Schema;
import java.util.List;

/** The body of a response to {@code POST /v1/tokenize}. */
@Schema(name = "Tokens")
public record TokenizeResponse(
    @JsonProperty("tokens") List<Token> tokens,
    @Schema(description = "Number of tokens.") @JsonProperty("count") int count,
    @Schema(description = "Maximum number of tokens in the model's context.")
        @JsonProperty("max_model_len")
        int maxModelLen) {

  /** One token of a text. */
  @Schema(name = "Token")
  public record Token(
      @JsonProperty("id") int id,
      @Schema(description = "The token's text; bytes:\\xe2\\x80 if it is not valid UTF-8.")
          @JsonProperty("token")
          String token,
      @Schema(description = "The token's bytes, as numbers from 0 to 255.") @JsonProperty("bytes")
          int[] bytes,
      @Schema(description = "Start of the token in the text, in code points.")
          @JsonProperty("offset")
          int offset) {}
}
