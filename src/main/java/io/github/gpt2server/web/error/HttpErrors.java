package io.github.gpt2server.web.error;

/** The envelope for errors that come from HTTP itself, before or beside any endpoint. */
public final class HttpErrors {
  /** nginx's status for a client that has left; no such client sees it, but logs and metrics do. */
  public static final int CLIENT_CLOSED_REQUEST = 499;

  private HttpErrors() {}

  /**
   * The envelope for a status.
   *
   * @param asked what the client asked for, such as {@code GET /v2}
   * @param message what to say, or null for the usual sentence
   */
  public static ErrorResponse response(int status, String asked, String message) {
    String sentence = message == null ? sentence(status, asked) : message;
    boolean refused = status < 500 || status == 501 || status == 505;
    String type = refused ? "invalid_request_error" : "server_error";
    return new ErrorResponse(new ErrorResponse.Detail(sentence, type, null, code(status)));
  }

  private static String sentence(int status, String asked) {
    return switch (status) {
      case 400 ->
          "The request is not valid HTTP, or its path or a parameter cannot be read or is too long.";
      case 401 -> "An API key is needed; send 'Authorization: Bearer KEY'.";
      case 403 -> "This is not allowed.";
      case 404 -> PathAdvice.sentence(asked);
      case 405 -> asked + " is not possible; see the Allow header for the methods that are.";
      case 406 -> "The answer cannot have the type that the Accept header asks for.";
      case 413 -> "The body is too large.";
      case 414, 431 -> "The path or the headers are too long.";
      case 415 -> "The Content-Type is not supported; send 'Content-Type: application/json'.";
      case 417 -> "What the Expect header asks for is not supported; leave the header out.";
      case 501 -> "The method or the Transfer-Encoding is none that this server knows.";
      case 505 -> "The version of HTTP is not supported; use HTTP/1.1.";
      case 503 -> "The server is not ready; try again in a moment.";
      default ->
          status >= 500
              ? "The server failed to answer this request."
              : "The request cannot be answered (status " + status + ").";
    };
  }

  private static String code(int status) {
    return switch (status) {
      case 404 -> "not_found";
      case 405 -> "method_not_allowed";
      case 406 -> "not_acceptable";
      case 413 -> "body_too_large";
      case 415 -> "unsupported_media_type";
      case 500 -> "internal_error";
      case 503 -> "not_available";
      default -> null;
    };
  }
}
