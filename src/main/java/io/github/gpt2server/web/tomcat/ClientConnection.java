package io.github.gpt2server.web.tomcat;

import java.util.function.BooleanSupplier;

/**
 * The connection that the current thread's request came on. A servlet learns that its client has
 * left only when it writes, which is too late for an answer that takes seconds; this looks at the
 * socket itself, or at what an HTTP/2 client has said of its stream.
 */
public final class ClientConnection {
  private static final ThreadLocal<BooleanSupplier> CURRENT = new ThreadLocal<>();

  private final BooleanSupplier left;

  private ClientConnection(BooleanSupplier left) {
    this.left = left;
  }

  /** The connection of the request that this thread handles. */
  public static ClientConnection current() {
    BooleanSupplier left = CURRENT.get();
    return new ClientConnection(left == null ? () -> false : left);
  }

  /** Begins a request, with the way to find out whether its client has left. */
  public static void enter(BooleanSupplier left) {
    CURRENT.set(left);
  }

  /** Ends a request. */
  public static void leave() {
    CURRENT.remove();
  }

  /**
   * Returns whether the client has left: has closed its side of the connection or given up its
   * stream. Neither waits nor sends anything. Only the request's own thread may ask.
   */
  public boolean gone() {
    return left.getAsBoolean();
  }
}
