package io.github.gpt2server.api.encoding;

import io.github.gpt2server.text.Excerpt;
import io.github.gpt2server.web.error.ApiException;

/** The values of {@code encoding_format}, as OpenAI names them. */
public enum EncodingFormat {
  /** JSON, with an object for each token. */
  FLOAT,
  /** Arrays of little-endian numbers in base64. */
  BASE64;

  /** The description of the field for answers with tokens, in the OpenAPI document. */
  public static final String DESCRIPTION =
      "float reports the most likely tokens as JSON, base64 as arrays of little-endian int32 ids and"
          + " float32 log-probabilities, which is smaller and faster for many tokens.";

  /**
   * The format that a request asks for; {@link #FLOAT} if it does not say.
   *
   * @throws ApiException 400, if there is no such format
   */
  public static EncodingFormat of(String value) {
    if (value == null || value.equals("float")) {
      return FLOAT;
    }
    if (value.equals("base64")) {
      return BASE64;
    }
    throw ApiException.invalid(
        "encoding_format",
        "encoding_format must be float or base64, but is \"" + Excerpt.of(value) + "\".");
  }
}
