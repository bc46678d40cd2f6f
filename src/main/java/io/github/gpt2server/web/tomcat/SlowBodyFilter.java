package io.github.gpt2server.web.tomcat;

import io.github.gpt2server.web.Caller;
import io.github.gpt2server.web.error.ApiException;
import io.github.gpt2server.web.error.ErrorCode;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Duration;

/**
 * Bounds what slow senders take: the number of requests that wait for bytes of their bodies at
 * once, and how long each does.
 */
public final class SlowBodyFilter extends HttpFilter {
  private static final long serialVersionUID = 1L;

  /** The time that a body may be awaited in all, beside the time that its bytes are worth. */
  private static final long PATIENCE_NANOS = Duration.ofSeconds(20).toNanos();

  /** A body that comes with less than 1,000 bytes a second is a slow one. */
  private static final long NANOS_PER_BYTE = Duration.ofMillis(1).toNanos();

  private final transient BodyWaits waits;

  public SlowBodyFilter(BodyWaits waits) {
    this.waits = waits;
  }

  @Override
  public void doFilter(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws IOException, ServletException {
    chain.doFilter(
        new HttpServletRequestWrapper(request) {
          private ServletInputStream body;

          @Override
          public ServletInputStream getInputStream() throws IOException {
            if (body == null) {
              body = new Body(super.getInputStream(), getContentLengthLong());
            }
            return body;
          }
        },
        response);
  }

  private final class Body extends ServletInputStream {
    private final ServletInputStream in;
    private final long length;
    private long count;
    private long waitedNanos;

    Body(ServletInputStream in, long length) {
      this.in = in;
      this.length = length;
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    /**
     * Reads what has arrived, or waits for it.
     *
     * @throws ApiException 503, where too many wait already; 408, after too long; 400, if Tomcat
     *     finds more fields behind the last chunk than it takes
     */
    @Override
    public int read(byte[] buffer, int offset, int size) throws IOException {
      boolean there = count == length || in.available() > 0;
      int read = there ? readOn(buffer, offset, size) : await(buffer, offset, size);
      count += Math.max(0, read);
      if (waitedNanos > PATIENCE_NANOS + count * NANOS_PER_BYTE) {
        throw ApiException.slowBody();
      }
      return read;
    }

    private int readOn(byte[] buffer, int offset, int size) throws IOException {
      try {
        return in.read(buffer, offset, size);
      } catch (IllegalStateException e) {
        throw ApiException.invalid(
            null, "The body's chunks end with too many trailer fields; send none.");
      }
    }

    private int await(byte[] buffer, int offset, int size) throws IOException {
      String client = Caller.current().client();
      if (!waits.enter(client)) {
        throw ApiException.unavailable(
            ErrorCode.NOT_AVAILABLE,
            "Too many requests wait for the rest of their bodies; send head and body at once, or"
                + " try again later.");
      }
      long begin = System.nanoTime();
      try {
        return readOn(buffer, offset, size);
      } finally {
        waits.leave(client);
        waitedNanos += System.nanoTime() - begin;
      }
    }

    @Override
    public int available() throws IOException {
      return in.available();
    }

    @Override
    public boolean isFinished() {
      return in.isFinished();
    }

    @Override
    public boolean isReady() {
      return in.isReady();
    }

    @Override
    public void setReadListener(ReadListener listener) {
      in.setReadListener(listener);
    }
  }
}
