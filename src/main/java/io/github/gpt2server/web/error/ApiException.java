package io.github.gpt2server.web.error;

import io.github.gpt2server.memory.MemoryExceededException;
import io.github.gpt2server.memory.MemoryUse;
import io.github.gpt2server.text.Excerpt;
import java.time.Duration;
import java.util.Map;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;

/** A request that cannot be answered, with what the client is told about it. */
public class ApiException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Tells OpenAI's clients, which try again after any 5xx, that the same would come of it. */
  private static final Map<String, String> NO_RETRY = Map.of("x-should-retry", "false");

  private final HttpStatus status;
  private final String type;
  private final String param;
  private final String code;
  private final transient Duration retryAfter;

  /** What else the answer's head says, by name. */
  private final transient Map<String, String> headers;

  private ApiException(
      HttpStatus status,
      String type,
      String message,
      String param,
      String code,
      Duration retryAfter) {
    this(status, type, message, param, code, retryAfter, Map.of());
  }

  private ApiException(
      HttpStatus status,
      String type,
      String message,
      String param,
      String code,
      Duration retryAfter,
      Map<String, String> headers) {
    super(message);
    this.status = status;
    this.type = type;
    this.param = param;
    this.code = code;
    this.retryAfter = retryAfter;
    this.headers = headers;
  }

  /** 400: the field {@code param} is wrong; the message says how to fix it. */
  public static ApiException invalid(String param, String message) {
    return invalid(param, null, message);
  }

  /** 400 with a code that programs can tell apart. */
  public static ApiException invalid(String param, String code, String message) {
    return new ApiException(
        HttpStatus.BAD_REQUEST, "invalid_request_error", message, param, code, null);
  }

  /** 404: no such model. */
  public static ApiException modelNotFound(String asked, String served) {
    return new ApiException(
        HttpStatus.NOT_FOUND,
        "invalid_request_error",
        "The model '"
            + Excerpt.of(asked)
            + "' does not exist here; ask for '"
            + served
            + "' or leave the field out.",
        "model",
        "model_not_found",
        null);
  }

  /** 413: the body is larger than allowed. */
  public static ApiException tooLarge(long maxBytes) {
    return new ApiException(
        HttpStatus.CONTENT_TOO_LARGE,
        "invalid_request_error",
        "The body is larger than the limit of " + maxBytes + " bytes; send less at once.",
        null,
        "body_too_large",
        null);
  }

  /** 415: the body is compressed. */
  public static ApiException encodedBody(String encoding) {
    return new ApiException(
        HttpStatus.UNSUPPORTED_MEDIA_TYPE,
        "invalid_request_error",
        "The body has the Content-Encoding '"
            + Excerpt.of(encoding)
            + "', but is read only as it is: send it uncompressed, without Content-Encoding.",
        null,
        "unsupported_media_type",
        null,
        Map.of(HttpHeaders.ACCEPT_ENCODING, "identity"));
  }

  /** 408: the body does not come. */
  public static ApiException slowBody() {
    return new ApiException(
        HttpStatus.REQUEST_TIMEOUT,
        "invalid_request_error",
        "The body comes too slowly; send at least 1,000 bytes a second.",
        null,
        "slow_body",
        null);
  }

  /** 400: there is no body. */
  public static ApiException emptyBody() {
    return invalid(null, "The body is empty; send a JSON object.");
  }

  /** 429: the queue is full. */
  public static ApiException queueFull(int limit) {
    return new ApiException(
        HttpStatus.TOO_MANY_REQUESTS,
        "rate_limit_error",
        "The queue is full: "
            + limit
            + (limit == 1 ? " request is" : " requests are")
            + " waiting already. Try again in a moment.",
        null,
        "queue_full",
        Duration.ofSeconds(1));
  }

  /** 503: the model loads, or the server shuts down. */
  public static ApiException unavailable(String message, String code) {
    return new ApiException(
        HttpStatus.SERVICE_UNAVAILABLE,
        "service_unavailable_error",
        message,
        null,
        code,
        Duration.ofSeconds(5));
  }

  /** 504: the answer was not complete in time. */
  public static ApiException timedOut(Duration timeout) {
    return new ApiException(
        HttpStatus.GATEWAY_TIMEOUT,
        "timeout_error",
        "The request was not complete within the server's limit of "
            + timeout.toMillis() / 1000.0
            + " seconds, waiting included. Ask for fewer tokens or try again later.",
        null,
        "timeout",
        null,
        NO_RETRY);
  }

  /** 503: the memory of the server, or of its GPU, does not suffice. */
  public static ApiException outOfMemory() {
    return unavailable(
        "The server has not enough memory left to answer this request; ask for less at once or try"
            + " again later.",
        "out_of_memory");
  }

  /** 413 if there can never be memory for it, else 503. */
  public static ApiException memoryExceeded(MemoryExceededException e) {
    if (!e.neverFits()) {
      return outOfMemory();
    }
    if (e.use() == MemoryUse.BODIES) {
      return tooLarge(e.most() / MemoryUse.BYTES_PER_BODY_BYTE);
    }
    return new ApiException(
        HttpStatus.CONTENT_TOO_LARGE,
        "invalid_request_error",
        "The request would take "
            + e.asked()
            + " bytes of memory for "
            + e.use().label()
            + ", but this server has "
            + e.most()
            + " for one request; send or ask for less at once.",
        null,
        "body_too_large",
        null);
  }

  /** 500: something broke; {@code id} finds it in the server's log. */
  public static ApiException failed(String id) {
    return new ApiException(
        HttpStatus.INTERNAL_SERVER_ERROR,
        "server_error",
        "The server failed to answer this request; its log says more under " + id + ".",
        null,
        "internal_error",
        null,
        NO_RETRY);
  }

  /** 500: what the model computed is not all numbers. */
  public static ApiException modelOutputInvalid() {
    return new ApiException(
        HttpStatus.INTERNAL_SERVER_ERROR,
        "server_error",
        "The model's logits are not numbers: for this request it computed NaN or infinity. Its"
            + " weights are damaged, or too large for the data type that they are served in"
            + " (gpt2.dtype); asking again gives the same.",
        null,
        "model_output_invalid",
        null,
        NO_RETRY);
  }

  /** The answer's status. */
  public HttpStatus status() {
    return status;
  }

  /** What else the answer's head says, by name. */
  public Map<String, String> headers() {
    return headers;
  }

  /** When trying again makes sense, or null. */
  public Duration retryAfter() {
    return retryAfter;
  }

  /** What the client is told. */
  public ErrorResponse response() {
    return new ErrorResponse(new ErrorResponse.Detail(getMessage(), type, param, code));
  }
}
