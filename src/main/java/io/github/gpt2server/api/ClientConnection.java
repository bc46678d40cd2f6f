package io.github.gpt2server.api;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.apache.tomcat.util.net.NioChannel;
import org.apache.tomcat.util.net.SocketBufferHandler;
import org.apache.tomcat.util.net.SocketWrapperBase;

/**
 * The connection that the current thread's request came on. A servlet learns that its client has
 * left only when it writes, which is too late for an answer that takes seconds; this looks at the
 * socket itself.
 */
public final class ClientConnection {
  private static final ThreadLocal<SocketWrapperBase<?>> CURRENT = new ThreadLocal<>();

  private final SocketWrapperBase<?> socket;

  private ClientConnection(SocketWrapperBase<?> socket) {
    this.socket = socket;
  }

  /** The connection of the request that this thread handles. */
  public static ClientConnection current() {
    return new ClientConnection(CURRENT.get());
  }

  static void enter(SocketWrapperBase<?> socket) {
    CURRENT.set(socket);
  }

  static void leave() {
    CURRENT.remove();
  }

  /**
   * Whether the client has closed its side, without waiting and without sending anything; one
   * system call. Bytes of a next request that arrive early stay in the connection's read buffer,
   * where Tomcat finds them. Only the request's own thread may ask.
   *
   * @return false where this cannot be known, as over HTTP/2
   */
  public boolean gone() {
    if (socket == null) {
      return false;
    }
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
