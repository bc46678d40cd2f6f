package io.github.gpt2server.web.error;

/** The client has closed the connection before its answer was complete. */
public class ClientGoneException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Without a cause: the client's side of the connection was found closed. */
  public ClientGoneException() {
    super("the client has left");
  }

  /** Found out by a failed write. */
  public ClientGoneException(Throwable cause) {
    super("the client has left", cause);
  }
}
