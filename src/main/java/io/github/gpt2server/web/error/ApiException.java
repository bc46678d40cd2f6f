package io.github.gpt2server.web.error;

import io.github.gpt2server.memory.MemoryExceededException;
import io.github.gpt2server.memory.MemoryUse;
import io.github.gpt2server.text.Excerpt;
import java.time.Duration;
import java.util.Map;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;

/** A request that cannot be answered, with the error that its client gets. */
public class ApiException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Keeps OpenAI's clients, which retry after any 5xx, from a retry that would fail alike. */
  private static final Map<String, String> NO_RETRY = Map.of("x-should-retry", "false");

  private final ErrorCode code;
  private final String param;
  private final transient Duration retryAfter;

  /** Further headers of the answer, by name. */
  private final transient Map<String, String> headers;

  private ApiException(ErrorCode code, String param, String message) {
    this(code, param, message, null, Map.of());
  }

  private ApiException(
      ErrorCode code,
      String param,
      String message,
      Duration retryAfter,
      Map<String, String> headers) {
    super(message);
    this.code = code;
    this.param = param;
    this.retryAfter = retryAfter;
    this.headers = headers;
  }

  /** 400: the field {@code param} is wrong; the message says how to fix it. */
  public static ApiException invalid(String param, String message) {
    return invalid(param, ErrorCode.INVALID_REQUEST, message);
  }

  /** An error of a field, with a code that programs can tell apart. */
  public static ApiException invalid(String param, ErrorCode code, String message) {
    return new ApiException(code, param, message);
  }

  /** 404: no such model. */
  public static ApiException modelNotFound(String asked, String served) {
    return new ApiException(
        ErrorCode.MODEL_NOT_FOUND,
        "model",
        "The model '%s' does not exist here; ask for '%s' or leave the field out."
            .formatted(Excerpt.of(asked), served));
  }

  /** 413: the body is larger than allowed. */
  public static ApiException tooLarge(long maxBytes) {
    return new ApiException(
        ErrorCode.BODY_TOO_LARGE,
        null,
        "The body is larger than the limit of " + maxBytes + " bytes; send less at once.");
  }

  /** 415: the body is compressed. */
  public static ApiException encodedBody(String encoding) {
    return new ApiException(
        ErrorCode.UNSUPPORTED_MEDIA_TYPE,
        null,
        "The body has the Content-Encoding '"
            + Excerpt.of(encoding)
            + "', but is read only as it is: send it uncompressed, without Content-Encoding.",
        null,
        Map.of(HttpHeaders.ACCEPT_ENCODING, "identity"));
  }

  /** 408: the body does not come. */
  public static ApiException slowBody() {
    return new ApiException(
        ErrorCode.SLOW_BODY,
        null,
        "The body arrives too slowly; send at least 1,000 bytes a second.");
  }

  /** 400: there is no body. */
  public static ApiException emptyBody() {
    return invalid(null, "The body is empty; send a JSON object.");
  }

  /** 429: the queue is full. */
  public static ApiException queueFull(int limit) {
    return new ApiException(
        ErrorCode.QUEUE_FULL,
        null,
        "The queue is full: "
            + limit
            + (limit == 1 ? " request is" : " requests are")
            + " waiting already. Try again in a moment.",
        Duration.ofSeconds(1),
        Map.of());
  }

  /** 429: a limit of the request's API key; the message says which. */
  public static ApiException rateLimited(String message, Duration retryAfter) {
    return new ApiException(ErrorCode.RATE_LIMIT_EXCEEDED, null, message, retryAfter, Map.of());
  }

  /** 503: the server cannot answer now, but may later. */
  public static ApiException unavailable(ErrorCode code, String message) {
    return new ApiException(code, null, message, Duration.ofSeconds(5), Map.of());
  }

  /** 504: the answer was not complete in time. */
  public static ApiException timedOut(Duration timeout) {
    return new ApiException(
        ErrorCode.TIMEOUT,
        null,
        "The request was not complete within the server's limit of "
            + timeout.toMillis() / 1000.0
            + " seconds, waiting included. Ask for fewer tokens or try again later.",
        null,
        NO_RETRY);
  }

  /** 503: the memory of the server, or of its GPU, does not suffice. */
  public static ApiException outOfMemory() {
    return unavailable(
        ErrorCode.OUT_OF_MEMORY,
        "The server does not have enough memory left to answer this request; ask for less at once or"
            + " try again later.");
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
        ErrorCode.BODY_TOO_LARGE,
        null,
        "The request would take "
            + e.asked()
            + " bytes of memory for "
            + e.use().label()
            + ", but this server has "
            + e.most()
            + " for one request; send or ask for less at once.");
  }

  /** 500: something broke; {@code id} finds it in the server's log. */
  public static ApiException failed(String id) {
    return new ApiException(
        ErrorCode.INTERNAL_ERROR,
        null,
        "The server failed to answer this request; its log says more under " + id + ".",
        null,
        NO_RETRY);
  }

  /** 500: what the model computed is not all numbers. */
  public static ApiException modelOutputInvalid() {
    return new ApiException(
        ErrorCode.MODEL_OUTPUT_INVALID,
        null,
        "The model's logits are not numbers: for this request it computed NaN or infinity. Its"
            + " weights are damaged, or too large for the data type that they are served in"
            + " (gpt2.dtype); repeating the request gives the same result.",
        null,
        NO_RETRY);
  }

  /** The answer's status. */
  public HttpStatus status() {
    return code.status();
  }

  /** Further headers of the answer, by name. */
  public Map<String, String> headers() {
    return headers;
  }

  /** The time after which a retry makes sense, or null. */
  public Duration retryAfter() {
    return retryAfter;
  }

  /** The body of the answer. */
  public ErrorResponse response() {
    return ErrorResponse.of(code, param, getMessage());
  }
}
