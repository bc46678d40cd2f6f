package io.github.gpt2server.web.error;

import org.springframework.http.HttpStatus;

/**
 * The errors that a client can get: HTTP status, type and code as the envelope has them. Programs
 * tell errors apart by the code, so that no constant's code ever changes.
 */
public enum ErrorCode {
  /** A field, the body or the request line is wrong; no code of its own. */
  INVALID_REQUEST(HttpStatus.BAD_REQUEST, ErrorType.INVALID_REQUEST, null),
  CONTEXT_LENGTH_EXCEEDED(
      HttpStatus.BAD_REQUEST, ErrorType.INVALID_REQUEST, "context_length_exceeded"),
  INVALID_API_KEY(HttpStatus.UNAUTHORIZED, ErrorType.INVALID_REQUEST, "invalid_api_key"),
  ORIGIN_NOT_ALLOWED(HttpStatus.FORBIDDEN, ErrorType.INVALID_REQUEST, "origin_not_allowed"),
  NOT_FOUND(HttpStatus.NOT_FOUND, ErrorType.INVALID_REQUEST, "not_found"),
  MODEL_NOT_FOUND(HttpStatus.NOT_FOUND, ErrorType.INVALID_REQUEST, "model_not_found"),
  METHOD_NOT_ALLOWED(
      HttpStatus.METHOD_NOT_ALLOWED, ErrorType.INVALID_REQUEST, "method_not_allowed"),
  NOT_ACCEPTABLE(HttpStatus.NOT_ACCEPTABLE, ErrorType.INVALID_REQUEST, "not_acceptable"),
  SLOW_BODY(HttpStatus.REQUEST_TIMEOUT, ErrorType.INVALID_REQUEST, "slow_body"),
  BODY_TOO_LARGE(HttpStatus.CONTENT_TOO_LARGE, ErrorType.INVALID_REQUEST, "body_too_large"),
  UNSUPPORTED_MEDIA_TYPE(
      HttpStatus.UNSUPPORTED_MEDIA_TYPE, ErrorType.INVALID_REQUEST, "unsupported_media_type"),
  QUEUE_FULL(HttpStatus.TOO_MANY_REQUESTS, ErrorType.RATE_LIMIT, "queue_full"),
  RATE_LIMIT_EXCEEDED(HttpStatus.TOO_MANY_REQUESTS, ErrorType.RATE_LIMIT, "rate_limit_exceeded"),
  INTERNAL_ERROR(HttpStatus.INTERNAL_SERVER_ERROR, ErrorType.SERVER, "internal_error"),
  MODEL_OUTPUT_INVALID(HttpStatus.INTERNAL_SERVER_ERROR, ErrorType.SERVER, "model_output_invalid"),
  MODEL_LOADING(HttpStatus.SERVICE_UNAVAILABLE, ErrorType.SERVICE_UNAVAILABLE, "model_loading"),
  NOT_AVAILABLE(HttpStatus.SERVICE_UNAVAILABLE, ErrorType.SERVICE_UNAVAILABLE, "not_available"),
  OUT_OF_MEMORY(HttpStatus.SERVICE_UNAVAILABLE, ErrorType.SERVICE_UNAVAILABLE, "out_of_memory"),
  /** Of health probes alone. */
  SHUTTING_DOWN(HttpStatus.SERVICE_UNAVAILABLE, ErrorType.SERVER, "shutting_down"),
  /** Of health probes alone. */
  ENGINE_DEAD(HttpStatus.SERVICE_UNAVAILABLE, ErrorType.SERVER, "engine_dead"),
  TIMEOUT(HttpStatus.GATEWAY_TIMEOUT, ErrorType.TIMEOUT, "timeout");

  private final HttpStatus status;
  private final ErrorType type;
  private final String code;

  ErrorCode(HttpStatus status, ErrorType type, String code) {
    this.status = status;
    this.type = type;
    this.code = code;
  }

  /** The status that answers with this code have. */
  public HttpStatus status() {
    return status;
  }

  /** The envelope's type. */
  public ErrorType type() {
    return type;
  }

  /** The envelope's code, or null. */
  public String code() {
    return code;
  }
}
