package io.github.gpt2server.web.error;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import io.swagger.v3.oas.annotations.media.Schema;
import java.io.IOException;
import java.io.OutputStream;
import tools.jackson.databind.json.JsonMapper;

/** OpenAI's error envelope; every error of every endpoint has this shape. */
@Schema(name = "ErrorResponse", description = "What went wrong, in OpenAI's shape.")
public record ErrorResponse(@JsonProperty("error") Detail error) {

  /** The envelope of an error; {@code param} is the field to blame, or null. */
  public static ErrorResponse of(ErrorCode code, String param, String message) {
    return new ErrorResponse(Detail.of(code.type(), param, code, message));
  }

  /** Writes the envelope as JSON, for errors before Spring's converters; the stream stays open. */
  public void writeTo(OutputStream body) throws IOException {
    body.write(JsonMapper.shared().writeValueAsBytes(this));
    body.flush();
  }

  /** OpenAI's error object; {@code param} and {@code code} are there even if they are null. */
  @Schema(name = "Error")
  @JsonPropertyOrder({"message", "type", "param", "code"})
  public record Detail(
      @Schema(
              description = "What was wrong, with the value and the limit, and how to fix it.",
              example =
                  "temperature must be between 0 and 2, but is 3; lower it to 2 or less, or leave"
                      + " it out.")
          @JsonProperty("message")
          String message,
      @Schema(description = "The kind of error.", example = "invalid_request_error")
          @JsonProperty("type")
          String type,
      @Schema(
              description = "The field that was wrong, or null.",
              example = "temperature",
              nullable = true)
          @JsonProperty("param")
          String param,
      @Schema(
              description = "A name for programs, such as context_length_exceeded, or null.",
              nullable = true)
          @JsonProperty("code")
          String code) {

    /** An error whose type is not the usual one of its code. */
    public static Detail of(ErrorType type, String param, ErrorCode code, String message) {
      return new Detail(message, type.toString(), param, code.code());
    }
  }
}
