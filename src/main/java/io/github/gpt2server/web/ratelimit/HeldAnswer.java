package io.github.gpt2server.web.ratelimit;

import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.HttpServletResponseWrapper;
import java.io.IOException;
import org.springframework.http.MediaType;

/**
 * An answer whose end is held back until its handler has returned, so that a client that has read
 * all of it finds its request ended: one request after the other is never two at once. Flushes are
 * left out, but for streams; the container sends what is left in its buffer afterwards.
 */
final class HeldAnswer extends HttpServletResponseWrapper {
  private ServletOutputStream body;

  HeldAnswer(HttpServletResponse answer) {
    super(answer);
  }

  private boolean isStream() {
    String type = getContentType();
    return type != null && type.startsWith(MediaType.TEXT_EVENT_STREAM_VALUE);
  }

  @Override
  public void flushBuffer() throws IOException {
    if (isStream()) {
      super.flushBuffer();
    }
  }

  @Override
  public ServletOutputStream getOutputStream() throws IOException {
    if (body == null) {
      body = new Body(super.getOutputStream());
    }
    return body;
  }

  private final class Body extends ServletOutputStream {
    private final ServletOutputStream out;

    Body(ServletOutputStream out) {
      this.out = out;
    }

    @Override
    public void write(int b) throws IOException {
      out.write(b);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      out.write(bytes, offset, length);
    }

    @Override
    public void flush() throws IOException {
      if (isStream()) {
        out.flush();
      }
    }

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
