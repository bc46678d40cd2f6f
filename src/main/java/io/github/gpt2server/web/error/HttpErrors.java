package io.github.gpt2server.web.error;

import io.github.gpt2server.web.path.PathAdvice;

/** The envelope for errors that come from HTTP itself, before or beside any endpoint. */
public final class HttpErrors {
  /** nginx's status for a client that has left; no such client sees it, but logs and metrics do. */
  public static final int CLIENT_CLOSED_REQUEST = 499;

  private HttpErrors() {}

  /**
   * The envelope for a status.
   *
   * @param asked the method and path, such as {@code GET /v2}
   * @param message the sentence, or null for the usual one of the status
   */
  public static ErrorResponse response(int status, String asked, String message) {
    String sentence = message == null ? sentence(status, asked) : message;
    boolean refused = status < 500 || status == 501 || status == 505;
    ErrorType type = refused ? ErrorType.INVALID_REQUEST : ErrorType.SERVER;
    return new ErrorResponse(ErrorResponse.Detail.of(type, null, code(status), sentence));
  }

  private static String sentence(int status, String asked) {
    return switch (status) {
      case 400 ->
          "The request is not valid HTTP, or its path or a parameter cannot be read or is too long.";
      case 401 -> "An API key is required; send 'Authorization: Bearer KEY'.";
      case 403 -> "This is not allowed.";
      case 404 -> PathAdvice.sentence(asked);
      case 405 -> asked + " is not supported; see the Allow header for the methods that are.";
      case 406 -> "The answer is not available in a type that the Accept header allows.";
      case 413 -> "The body is too large.";
      case 414, 431 -> "The path or the headers are too long.";
      case 415 -> "The Content-Type is not supported; send 'Content-Type: application/json'.";
      case 417 -> "The expectation of the Expect header is not supported; remove the header.";
      case 501 -> "The method or the Transfer-Encoding is not supported.";
      case 505 -> "The version of HTTP is not supported; use HTTP/1.1.";
      case 503 -> "The server is not ready; try again in a moment.";
      default ->
          status >= 500
              ? "The server failed to answer this request."
              : "The request cannot be answered (status " + status + ").";
    };
  }

  private static ErrorCode code(int status) {
    return switch (status) {
      case 404 -> ErrorCode.NOT_FOUND;
      case 405 -> ErrorCode.METHOD_NOT_ALLOWED;
      case 406 -> ErrorCode.NOT_ACCEPTABLE;
      case 413 -> ErrorCode.BODY_TOO_LARGE;
      case 415 -> ErrorCode.UNSUPPORTED_MEDIA_TYPE;
      case 500 -> ErrorCode.INTERNAL_ERROR;
      case 503 -> ErrorCode.NOT_AVAILABLE;
      default -> ErrorCode.INVALID_REQUEST;
    };
  }
}
