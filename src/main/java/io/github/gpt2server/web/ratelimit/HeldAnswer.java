package io.github.gpt2server.web.ratelimit;

import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.HttpServletResponseWrapper;
import java.io.IOException;
import org.springframework.http.MediaType;

/**
 * An answer whose last byte is held back until {@link #release}, so that a client that has read all
 * of it finds its request ended: one request after the other is never two at once. Leaving the end
 * in the container's buffer is not enough, because the container sends it as soon as there are as
 * many bytes as {@code Content-Length} says. Streams are sent as they are written.
 */
final class HeldAnswer extends HttpServletResponseWrapper {
  private static final int NONE = -1;

  private Body body;
  private int held = NONE;

  HeldAnswer(HttpServletResponse answer) {
    super(answer);
  }

  /** Sends what is held back. */
  void release() throws IOException {
    if (held != NONE) {
      int last = held;
      held = NONE;
      body.out.write(last);
    }
  }

  @Override
  public void reset() {
    super.reset();
    held = NONE;
  }

  @Override
  public void resetBuffer() {
    super.resetBuffer();
    held = NONE;
  }

  @Override
  public ServletOutputStream getOutputStream() throws IOException {
    if (body == null) {
      body = new Body(super.getOutputStream());
    }
    return body;
  }

  private boolean isStream() {
    String type = getContentType();
    return type != null && type.startsWith(MediaType.TEXT_EVENT_STREAM_VALUE);
  }

  private final class Body extends ServletOutputStream {
    private final ServletOutputStream out;

    Body(ServletOutputStream out) {
      this.out = out;
    }

    @Override
    public void write(int b) throws IOException {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      if (isStream()) {
        out.write(bytes, offset, length);
      } else if (length > 0) {
        release();
        out.write(bytes, offset, length - 1);
        held = Byte.toUnsignedInt(bytes[offset + length - 1]);
      }
    }

    @Override
    public void flush() throws IOException {
      out.flush();
    }

    /** Leaves the answer open for its last byte. */
    @Override
    public void close() throws IOException {
      flush();
    }

    @Override
    public boolean isReady() {
      return out.isReady();
    }

    @Override
    public void setWriteListener(WriteListener listener) {
      out.setWriteListener(listener);
    }
  }
}
