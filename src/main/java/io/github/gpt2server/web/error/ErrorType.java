package io.github.gpt2server.web.error;

/** The kinds of errors, as the envelope's field {@code type} names them. */
public enum ErrorType {
  INVALID_REQUEST("invalid_request_error"),
  RATE_LIMIT("rate_limit_error"),
  SERVICE_UNAVAILABLE("service_unavailable_error"),
  TIMEOUT("timeout_error"),
  SERVER("server_error");

  private final String text;

  ErrorType(String text) {
    this.text = text;
  }

  /** The type as it is sent. */
  @Override
  public String toString() {
    return text;
  }
}
