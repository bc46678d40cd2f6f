package io.github.gpt2server.api;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.apache.coyote.Adapter;
import org.apache.coyote.ErrorState;
import org.apache.coyote.Processor;
import org.apache.coyote.UpgradeProtocol;
import org.apache.coyote.http11.AbstractHttp11Protocol;
import org.apache.coyote.http11.Http11NioProtocol;
import org.apache.coyote.http11.Http11Processor;
import org.apache.coyote.http2.Http2Protocol;
import org.apache.tomcat.util.net.AbstractEndpoint.Handler.SocketState;
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

  /** Tomcat tells such headers from other bad requests only by this message. */
  private static final String HEADERS_TOO_LARGE_MESSAGE =
      StringManager.getManager(Http11Processor.class).getString("iib.requestheadertoolarge.error");

  @Override
  protected Processor createProcessor() {
    return new ObservedProcessor(this, getAdapter());
  }

  @Override
  public void addUpgradeProtocol(UpgradeProtocol protocol) {
    super.addUpgradeProtocol(
        protocol instanceof Http2Protocol ? new ObservedHttp2Protocol() : protocol);
  }

  private static final class ObservedProcessor extends Http11Processor {

    ObservedProcessor(AbstractHttp11Protocol<?> protocol, Adapter adapter) {
      super(protocol, adapter);
    }

    @Override
    public SocketState service(SocketWrapperBase<?> socket) throws IOException {
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
     * Whether the client has closed its side; one system call. Bytes of a next request that arrive
     * early stay in the connection's read buffer, where Tomcat finds them.
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
}
