package io.github.gpt2server.api.encoding;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import io.swagger.v3.oas.annotations.media.Schema;

/**
 * Tokens and their log-probabilities as arrays in base64. The bytes are computed each time that
 * they are written, so that an answer of many such objects does not hold all of them at once.
 */
@Schema(
    name = "PackedTokens",
    description = "Tokens with encoding_format base64: arrays of little-endian numbers.")
public final class PackedTokens {
  private final int[] ids;
  private final float[] logprobs;
  private final float[] samplingProbabilities;
  private final byte[] removedBy;

  private PackedTokens(
      int[] ids, float[] logprobs, float[] samplingProbabilities, byte[] removedBy) {
    this.ids = ids;
    this.logprobs = logprobs;
    this.samplingProbabilities = samplingProbabilities;
    this.removedBy = removedBy;
  }

  /**
   * Packs tokens.
   *
   * @param ids token ids; retained
   * @param logprobs the log-probability of each, in nats; retained
   */
  public static PackedTokens of(int[] ids, float[] logprobs) {
    return new PackedTokens(ids, logprobs, null, null);
  }

  /**
   * The same tokens with the way in which each would be drawn.
   *
   * @param probabilities the probability with which each is drawn; retained
   * @param removedBy the number of the filter that removes each, or 0; retained
   */
  public PackedTokens withDraws(float[] probabilities, byte[] removedBy) {
    return new PackedTokens(ids, logprobs, probabilities, removedBy);
  }

  /** Base64 of int32. */
  @Schema(
      description = "Token ids: base64 of little-endian int32.",
      requiredMode = Schema.RequiredMode.REQUIRED)
  @JsonProperty("token_ids")
  public byte[] tokenIds() {
    return LittleEndian.bytes(ids);
  }

  /** Base64 of float32. */
  @Schema(
      description = "The log-probability of each token: base64 of little-endian float32.",
      requiredMode = Schema.RequiredMode.REQUIRED)
  @JsonProperty("logprobs")
  public byte[] logprobs() {
    return LittleEndian.bytes(logprobs);
  }

  /** Base64 of float32, or null. */
  @Schema(
      description =
          "With sampling, the probability with which each token would be drawn, 0 if a filter"
              + " removes it: base64 of little-endian float32.")
  @JsonInclude(JsonInclude.Include.NON_NULL)
  @JsonProperty("sampling_probabilities")
  public byte[] samplingProbabilities() {
    return samplingProbabilities == null ? null : LittleEndian.bytes(samplingProbabilities);
  }

  /** Base64 of bytes, or null. */
  @Schema(
      description =
          "With sampling, the filter that removes each token: base64 of one byte for each, 0 none, 1"
              + " mask, 2 top_k, 3 typical_p, 4 top_p, 5 min_p, 6 mirostat, 7 xtc.")
  @JsonInclude(JsonInclude.Include.NON_NULL)
  @JsonProperty("removed_by")
  public byte[] removedBy() {
    return removedBy;
  }
}
