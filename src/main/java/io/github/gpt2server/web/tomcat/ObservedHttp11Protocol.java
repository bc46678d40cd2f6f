package io.github.gpt2server.web.tomcat;

import io.github.gpt2server.web.Caller;
import io.github.gpt2server.web.error.ShortageFilter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Objects;
import org.apache.coyote.Adapter;
import org.apache.coyote.ErrorState;
import org.apache.coyote.Processor;
import org.apache.coyote.Request;
import org.apache.coyote.Response;
import org.apache.coyote.UpgradeProtocol;
import org.apache.coyote.http11.AbstractHttp11Protocol;
import org.apache.coyote.http11.Http11NioProtocol;
import org.apache.coyote.http11.Http11Processor;
import org.apache.coyote.http2.Http2Protocol;
import org.apache.tomcat.util.net.AbstractEndpoint.Handler.SocketState;
import org.apache.tomcat.util.net.ApplicationBufferHandler;
import org.apache.tomcat.util.net.NioChannel;
import org.apache.tomcat.util.net.SocketBufferHandler;
import org.apache.tomcat.util.net.SocketWrapperBase;
import org.apache.tomcat.util.res.StringManager;

/**
 * Tomcat's HTTP/1.1 over NIO, which lets the thread that handles a request know its {@link
 * ClientConnection}, and answers headers that are too large with 431. Where HTTP/2 is switched on,
 * its requests are observed as well.
 */
public final class ObservedHttp11Protocol extends Http11NioProtocol {
  private static final int HEADERS_TOO_LARGE = 431;

  /** The message by which alone Tomcat distinguishes such headers from other bad requests. */
  private static final String HEADERS_TOO_LARGE_MESSAGE =
      StringManager.getManager(Http11Processor.class).getString("iib.requestheadertoolarge.error");

  /** The number of bytes of a refused body that are read, so that its sender reads the answer. */
  private static final int MAX_DRAINED_BYTES = 64 << 20;

  private static final long DRAIN_NANOS = Duration.ofSeconds(10).toNanos();

  private BodyWaits waits;

  /** Counts requests that wait for the rest of their bodies. */
  void setBodyWaits(BodyWaits waits) {
    this.waits = waits;
    setMaxSwallowSize(MAX_DRAINED_BYTES);
  }

  @Override
  protected Processor createProcessor() {
    return new ObservedProcessor(this, getAdapter(), waits);
  }

  @Override
  public void addUpgradeProtocol(UpgradeProtocol protocol) {
    super.addUpgradeProtocol(
        protocol instanceof Http2Protocol ? new ObservedHttp2Protocol() : protocol);
  }

  private static final class ObservedProcessor extends Http11Processor {

    private final BodyWaits waits;
    private final ApplicationBufferHandler sink = new Sink();
    private SocketWrapperBase<?> socket;

    ObservedProcessor(AbstractHttp11Protocol<?> protocol, Adapter adapter, BodyWaits waits) {
      super(protocol, adapter);
      this.waits = waits;
    }

    @Override
    public Adapter getAdapter() {
      return new AdapterFilter(super.getAdapter()) {
        @Override
        public void service(Request served, Response response) throws Exception {
          super.service(served, response);
          // An upgraded connection retains this adapter, while the processor serves another one.
          if (served == request) {
            drain();
          }
        }
      };
    }

    /**
     * Reads the rest of a body, once the answer is sent. Tomcat would do that for as long as a byte
     * comes now and then; where too many are waited for already, or after some seconds, the
     * connection is closed instead.
     */
    private void drain() {
      boolean chunked = request.getMimeHeaders().getHeader("Transfer-Encoding") != null;
      if (isAsync()
          || getErrorState().isError()
          || (!chunked && request.getContentLengthLong() <= request.getBytesRead())) {
        return;
      }
      String client = Caller.at(Objects.toString(socket.getRemoteAddr(), "")).client();
      boolean whole = false;
      if (waits.enter(client)) {
        long timeout = socket.getReadTimeout();
        try {
          whole = readToEnd(System.nanoTime() + DRAIN_NANOS, timeout);
        } catch (IOException | IllegalStateException | NullPointerException e) {
          // Tomcat's own, behind trailer fields that were too many, are among them.
          getLog().debug("The rest of a body did not come", e);
        } finally {
          socket.setReadTimeout(timeout);
          waits.leave(client);
        }
      }
      if (!whole) {
        setErrorState(ErrorState.CLOSE_CLEAN, null);
      }
    }

    /**
     * @param timeoutMillis the longest wait for a byte as the connection is set; none if negative
     */
    private boolean readToEnd(long endNanos, long timeoutMillis) throws IOException {
      long drained = 0;
      while (drained <= MAX_DRAINED_BYTES) {
        long left = Duration.ofNanos(endNanos - System.nanoTime()).toMillis();
        if (left <= 0) {
          return false;
        }
        socket.setReadTimeout(timeoutMillis > 0 ? Math.min(left, timeoutMillis) : left);
        int read = request.doRead(sink);
        if (read < 0) {
          return true;
        }
        drained += read;
      }
      return false;
    }

    @Override
    public SocketState service(SocketWrapperBase<?> socket) throws IOException {
      this.socket = socket;
      ClientConnection.enter(() -> closed(socket));
      try {
        return super.service(socket);
      } catch (OutOfMemoryError e) {
        // Tomcat would throw it on, the thread would end and the client wait for ever.
        ShortageFilter.log(e);
        return SocketState.CLOSED;
      } finally {
        ClientConnection.leave();
      }
    }

    @Override
    protected void setErrorState(ErrorState state, Throwable cause) {
      super.setErrorState(state, cause);
      if (cause instanceof IllegalArgumentException
          && HEADERS_TOO_LARGE_MESSAGE.equals(cause.getMessage())) {
        response.setStatus(HEADERS_TOO_LARGE);
      }
    }

    /**
     * Returns whether the client has closed its side; one system call. Bytes of a next request that
     * arrive early stay in the connection's read buffer, where Tomcat finds them.
     */
    private static boolean closed(SocketWrapperBase<?> socket) {
      if (socket.isClosed() || !(socket.getSocket() instanceof NioChannel channel)) {
        return socket.isClosed();
      }
      SocketBufferHandler buffers = socket.getSocketBufferHandler();
      buffers.configureReadBufferForWrite();
      ByteBuffer early = buffers.getReadBuffer();
      try {
        return early.hasRemaining() && channel.read(early) < 0;
      } catch (IOException e) {
        return true;
      }
    }
  }

  /** Retains nothing of what is read. */
  private static final class Sink implements ApplicationBufferHandler {
    private ByteBuffer buffer;

    @Override
    public void setByteBuffer(ByteBuffer buffer) {
      this.buffer = buffer;
    }

    @Override
    public ByteBuffer getByteBuffer() {
      return buffer;
    }

    @Override
    public void expand(int size) {
      // It is Tomcat's own buffer that is read.
    }
  }
}
