package io.github.gpt2server.testing;

import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.io.OutputStream;

/** A fault of a {@link LookAlikeHub} in place of its answer. */
@FunctionalInterface
public interface Fault {

  /** Does it; false to answer as usual after all. */
  boolean happen(HttpExchange exchange, Content content) throws IOException;

  /**
   * The part that would have been sent: {@code bytes} from {@code offset} on; null bytes for the
   * API.
   */
  record Content(byte[] bytes, int offset) {

    /** Sends the head of the answer; the caller writes the body. */
    OutputStream begin(HttpExchange exchange) throws IOException {
      int length = bytes.length;
      if (offset > 0) {
        exchange
            .getResponseHeaders()
            .set("Content-Range", "bytes %d-%d/%d".formatted(offset, length - 1, length));
      }
      exchange.sendResponseHeaders(offset > 0 ? 206 : 200, length - offset);
      return exchange.getResponseBody();
    }
  }

  /** Answers with a status and headers. */
  static Fault status(int status, String... headers) {
    return (exchange, content) -> {
      for (int i = 0; i < headers.length; i += 2) {
        exchange.getResponseHeaders().set(headers[i], headers[i + 1]);
      }
      exchange.sendResponseHeaders(status, -1);
      return true;
    };
  }

  /** Sends this many bytes of the body, then closes the connection. */
  static Fault cutAfter(int bytes) {
    return (exchange, content) -> {
      content.begin(exchange).write(content.bytes(), content.offset(), bytes);
      exchange.getResponseBody().flush();
      return true;
    };
  }

  /** Sends everything, with one bit of it turned. */
  static Fault corrupt() {
    return (exchange, content) -> {
      byte[] wrong = content.bytes().clone();
      wrong[wrong.length - 1] ^= 1;
      content.begin(exchange).write(wrong, content.offset(), wrong.length - content.offset());
      return true;
    };
  }

  /** Runs this in the middle of a body. */
  static Fault inTheMiddle(Runnable event) {
    return (exchange, content) -> {
      int half = (content.bytes().length - content.offset()) / 2;
      OutputStream body = content.begin(exchange);
      body.write(content.bytes(), content.offset(), half);
      body.flush();
      event.run();
      body.write(
          content.bytes(),
          content.offset() + half,
          content.bytes().length - content.offset() - half);
      return true;
    };
  }

  /** Sends everything whatever range is asked for. */
  static Fault ignoreRange() {
    return (exchange, content) -> {
      new Content(content.bytes(), 0).begin(exchange).write(content.bytes());
      return true;
    };
  }
}
