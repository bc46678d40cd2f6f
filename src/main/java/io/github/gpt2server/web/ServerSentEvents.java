package io.github.gpt2server.web;

import io.github.gpt2server.web.error.ApiException;
import io.github.gpt2server.web.error.ClientGoneException;
import io.github.gpt2server.web.error.ModelOutput;
import io.github.gpt2server.web.error.ShortageFilter;
import io.github.gpt2server.web.json.NonFiniteNumberException;
import jakarta.servlet.http.HttpServletResponse;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.ObjectWriter;

/**
 * Writes server-sent events as OpenAI's clients read them. Events gather in a buffer until {@link
 * #flush}, so that those that are ready together travel together; a large event is sent in parts
 * while it is written.
 *
 * @see <a href="https://html.spec.whatwg.org/multipage/server-sent-events.html">the format</a>
 */
public final class ServerSentEvents {
  private static final Logger log = LoggerFactory.getLogger(ServerSentEvents.class);
  private static final byte[] DATA = bytes("data: ");
  private static final byte[] END = bytes("\n\n");
  private static final byte[] DONE = bytes("data: [DONE]\n\n");
  private static final byte[] WAITING = bytes(": waiting\n\n");

  /** After so long without an event a comment is due; proxies often give up after 30 or 60. */
  public static final Duration SILENCE = Duration.ofSeconds(10);

  private static final int LARGE = 1 << 16;

  private final HttpServletResponse response;
  private final ObjectWriter json;
  private final Buffer buffer = new Buffer();

  /** Prepares a stream; nothing is sent before the first {@link #flush}. */
  public ServerSentEvents(HttpServletResponse response, ObjectWriter json) {
    this.response = response;
    this.json = json;
  }

  /**
   * Adds an event that has only data.
   *
   * @throws ApiException if that holds NaN or infinity; nothing of it is added then, or an event
   *     that is cut off if it was sent in parts
   * @throws ClientGoneException if a part cannot be sent
   */
  public void data(Object value) {
    add(DATA, value);
  }

  /** Adds an event with a name of its own. */
  public void event(String name, Object value) {
    add(bytes("event: " + name + "\ndata: "), value);
  }

  private void add(byte[] head, Object value) {
    int before = buffer.size();
    long sent = buffer.sent;
    buffer.append(head);
    try {
      json.writeValue(buffer, value);
      buffer.append(END);
    } catch (RuntimeException | OutOfMemoryError | StackOverflowError e) {
      if (buffer.gone != null) {
        throw buffer.gone;
      }
      // Half an event would be taken for the beginning of the next one.
      if (buffer.sent == sent) {
        buffer.truncate(before);
      } else {
        buffer.append(END);
      }
      if (e instanceof NonFiniteNumberException) {
        throw ModelOutput.invalid(response.getHeader(RequestIdFilter.HEADER));
      }
      throw e;
    }
  }

  /**
   * Sends a stream; what goes wrong once it has begun becomes its last event.
   *
   * @param id finds the failure in the log
   * @param stream adds events and flushes them, to the end
   * @throws ClientGoneException if the client leaves
   */
  public void run(String id, Runnable stream) {
    try {
      stream.run();
    } catch (ClientGoneException e) {
      throw e;
    } catch (RuntimeException | OutOfMemoryError | StackOverflowError e) {
      if (!started()) {
        throw e;
      }
      event("error", reported(id, e).response());
      flush();
    }
  }

  private static ApiException reported(String id, Throwable failure) {
    if (failure instanceof ApiException known) {
      return known;
    }
    OutOfMemoryError shortage = ShortageFilter.shortage(failure);
    if (shortage != null) {
      ShortageFilter.log(shortage);
      return ApiException.outOfMemory();
    }
    log.error("Stream {} failed", id, failure);
    return ApiException.failed(id);
  }

  /** Adds the event that ends every stream that went well. */
  public void done() {
    buffer.append(DONE);
  }

  /** Adds a comment, which clients skip, so that proxies do not take silence for death. */
  public void waiting() {
    buffer.append(WAITING);
  }

  /** Returns whether something has been sent; from then on the status cannot be changed. */
  public boolean started() {
    return response.isCommitted();
  }

  /** Sends what has gathered if it is much, as it is when whole vocabularies are reported. */
  public void flushIfLarge() {
    if (buffer.size() > LARGE) {
      flush();
    }
  }

  /**
   * Sends what has gathered.
   *
   * @throws ClientGoneException if the client has left
   */
  public void flush() {
    buffer.send();
  }

  private void send(ByteArrayOutputStream bytes) {
    if (bytes.size() == 0) {
      return;
    }
    try {
      if (!response.isCommitted()) {
        response.setContentType("text/event-stream;charset=UTF-8");
        response.setHeader("Cache-Control", "no-cache");
        response.setHeader("X-Accel-Buffering", "no");
      }
      OutputStream out = response.getOutputStream();
      bytes.writeTo(out);
      out.flush();
      bytes.reset();
    } catch (IOException e) {
      throw new ClientGoneException(e);
    }
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** A buffer that sends what it holds when that is much. */
  private final class Buffer extends ByteArrayOutputStream {
    private long sent;
    private ClientGoneException gone;

    @Override
    public synchronized void write(byte[] bytes, int offset, int length) {
      super.write(bytes, offset, length);
      if (count > LARGE) {
        send();
      }
    }

    /** Keeps the failure, which a JSON generator would wrap. */
    void send() {
      sent += count;
      try {
        ServerSentEvents.this.send(this);
      } catch (ClientGoneException e) {
        gone = e;
        throw e;
      }
    }

    void append(byte[] bytes) {
      write(bytes, 0, bytes.length);
    }

    void truncate(int size) {
      count = size;
    }
  }
}
