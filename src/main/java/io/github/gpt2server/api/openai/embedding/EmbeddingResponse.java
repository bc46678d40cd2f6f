package io.github.gpt2server.api.openai.embedding;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.swagger.v3.oas.annotations.media.Schema;
import java.util.List;

/** OpenAI's list of embeddings. */
@Schema(description = "One embedding for each input, in order.")
public record EmbeddingResponse(
    @Schema(example = "list") @JsonProperty("object") String object,
    @JsonProperty("data") List<Embedding> data,
    @JsonProperty("model") String model,
    @JsonProperty("usage") Usage usage) {

  /**
   * The vector of one input.
   *
   * @param embedding {@code float[]}, or {@code String} for base64; with pooling {@code none} a
   *     list of these, one for each token
   */
  @Schema(name = "Embedding")
  public record Embedding(
      @Schema(example = "embedding") @JsonProperty("object") String object,
      @JsonProperty("index") int index,
      @Schema(
              description =
                  "The vector, as numbers or in base64; with pooling none, an array of one vector for"
                      + " each token.",
              oneOf = {float[].class, String.class, float[][].class, String[].class})
          @JsonProperty("embedding")
          Object embedding) {}

  /** The number of tokens read. */
  @Schema(name = "EmbeddingUsage")
  public record Usage(
      @JsonProperty("prompt_tokens") int promptTokens,
      @JsonProperty("total_tokens") int totalTokens) {}
}
