package io.github.gpt2server.web.error;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.io.IOException;
import java.io.OutputStream;
import tools.jackson.databind.json.JsonMapper;

/** OpenAI's error envelope, for what is answered before a request reaches the API. */
public record ErrorEnvelope(Problem error) {
  private static final JsonMapper JSON = new JsonMapper();

  /** OpenAI's error object; {@code param} is there even if it is null. */
  @JsonInclude(JsonInclude.Include.ALWAYS)
  public record Problem(String message, String type, String param, String code) {}

  /** An error for which the request is to blame, whichever field. */
  public static ErrorEnvelope invalidRequest(String message, String code) {
    return new ErrorEnvelope(new Problem(message, "invalid_request_error", null, code));
  }

  /** Writes the envelope as JSON; the stream stays open. */
  public void writeTo(OutputStream body) throws IOException {
    body.write(JSON.writeValueAsBytes(this));
    body.flush();
  }
}
