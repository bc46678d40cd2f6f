package io.github.gpt2server.web.json;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Map;
import org.springframework.core.ResolvableType;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpOutputMessage;
import org.springframework.http.converter.json.JacksonJsonHttpMessageConverter;
import tools.jackson.databind.json.JsonMapper;

/**
 * Writes answers as JSON. One of moderate size is written to memory first: it gets a
 * Content-Length, and what goes wrong meanwhile can still become an error of its own. A larger one
 * is sent in chunks as it is written.
 */
final class SizedJsonConverter extends JacksonJsonHttpMessageConverter {
  private static final int MODERATE_BYTES = 1 << 16;

  SizedJsonConverter(JsonMapper json) {
    super(json);
  }

  @Override
  protected void writeInternal(
      Object answer, ResolvableType type, HttpOutputMessage message, Map<String, Object> hints)
      throws IOException {
    Held held = new Held(message);
    super.writeInternal(answer, type, held, hints);
    held.send();
  }

  /** A message whose body is held back until it is whole, or too large for that. */
  private static final class Held extends OutputStream implements HttpOutputMessage {
    private final HttpOutputMessage message;
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private boolean large;

    Held(HttpOutputMessage message) {
      this.message = message;
    }

    @Override
    public HttpHeaders getHeaders() {
      return message.getHeaders();
    }

    @Override
    public OutputStream getBody() {
      return this;
    }

    @Override
    public void write(int b) throws IOException {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] source, int offset, int length) throws IOException {
      if (!large && bytes.size() + length > MODERATE_BYTES) {
        large = true;
        bytes.writeTo(message.getBody());
      }
      if (large) {
        message.getBody().write(source, offset, length);
      } else {
        bytes.write(source, offset, length);
      }
    }

    void send() throws IOException {
      if (!large) {
        message.getHeaders().setContentLength(bytes.size());
        bytes.writeTo(message.getBody());
      }
    }
  }
}
