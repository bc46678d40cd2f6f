package io.github.gpt2server.api;

import io.github.gpt2server.engine.result.EngineStoppedException;
import io.github.gpt2server.engine.result.QueueFullException;
import io.github.gpt2server.memory.MemoryExceededException;
import io.github.gpt2server.text.Excerpt;
import io.github.gpt2server.web.RequestIdFilter;
import io.github.gpt2server.web.error.ApiException;
import io.github.gpt2server.web.error.ClientGoneException;
import io.github.gpt2server.web.error.ErrorCode;
import io.github.gpt2server.web.error.HttpErrors;
import io.github.gpt2server.web.error.ModelOutput;
import io.github.gpt2server.web.error.ShortageFilter;
import io.github.gpt2server.web.json.NonFiniteNumberException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.http.converter.HttpMessageNotWritableException;
import org.springframework.web.HttpMediaTypeNotSupportedException;
import org.springframework.web.HttpRequestMethodNotSupportedException;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.RestControllerAdvice;
import org.springframework.web.context.request.ServletWebRequest;
import org.springframework.web.context.request.WebRequest;
import org.springframework.web.servlet.mvc.method.annotation.ResponseEntityExceptionHandler;
import org.springframework.web.util.DisconnectedClientHelper;

/** Every error that reaches Spring, in OpenAI's envelope. */
@RestControllerAdvice
public final class ErrorHandler extends ResponseEntityExceptionHandler {
  private static final Logger log = LoggerFactory.getLogger(ErrorHandler.class);

  /** An error with an envelope of its own. */
  @ExceptionHandler
  public ResponseEntity<Object> handle(ApiException e) {
    return response(e);
  }

  /** The memory budget does not suffice. */
  @ExceptionHandler
  public ResponseEntity<Object> handle(MemoryExceededException e) {
    return response(ApiException.memoryExceeded(e));
  }

  /** The queue is full. */
  @ExceptionHandler
  public ResponseEntity<Object> handle(QueueFullException e) {
    return response(ApiException.queueFull(e.limit()));
  }

  /** The engine takes no new requests. */
  @ExceptionHandler
  public ResponseEntity<Object> handle(EngineStoppedException e) {
    return response(
        ApiException.unavailable(
            ErrorCode.NOT_AVAILABLE,
            "The server is shutting down or not able to generate; try again later or elsewhere."));
  }

  /** Sets a status for logs and metrics: the client has left. */
  @ExceptionHandler
  public void handle(ClientGoneException e, HttpServletResponse response) {
    if (!response.isCommitted()) {
      response.setStatus(HttpErrors.CLIENT_CLOSED_REQUEST);
    }
  }

  /** Any other failure: the client gets a general sentence, the log the stack trace. */
  @ExceptionHandler
  public ResponseEntity<Object> handle(
      Exception e, HttpServletRequest request, HttpServletResponse response) {
    if (DisconnectedClientHelper.isClientDisconnectedException(e)) {
      return null;
    }
    String id = response.getHeader(RequestIdFilter.HEADER);
    OutOfMemoryError shortage = ShortageFilter.shortage(e);
    if (shortage == null) {
      log.error("Request failed ({})", id, e);
    } else {
      // What the request held is free now; others may fit.
      ShortageFilter.log(shortage);
    }
    if (response.isCommitted()) {
      ShortageFilter.cut(request);
      return null;
    }
    return response(shortage == null ? ApiException.failed(id) : ApiException.outOfMemory());
  }

  /** An answer that holds NaN or infinity and cannot be written. */
  @Override
  protected ResponseEntity<Object> handleHttpMessageNotWritable(
      HttpMessageNotWritableException e,
      HttpHeaders headers,
      HttpStatusCode status,
      WebRequest request) {
    if (!(e.getCause() instanceof NonFiniteNumberException)
        || !(request instanceof ServletWebRequest servlet)
        || servlet.getResponse() == null) {
      return super.handleHttpMessageNotWritable(e, headers, status, request);
    }
    ApiException invalid =
        ModelOutput.invalid(servlet.getResponse().getHeader(RequestIdFilter.HEADER));
    // What of a large answer has been sent cannot be taken back: it ends in the middle.
    if (servlet.getResponse().isCommitted()) {
      ShortageFilter.cut(servlet.getRequest());
      return null;
    }
    return response(invalid);
  }

  @Override
  protected ResponseEntity<Object> handleExceptionInternal(
      Exception e, Object body, HttpHeaders headers, HttpStatusCode status, WebRequest request) {
    if (status.is5xxServerError() && !DisconnectedClientHelper.isClientDisconnectedException(e)) {
      log.error("Request failed", e);
    }
    String asked =
        request instanceof ServletWebRequest servlet
            ? servlet.getHttpMethod() + " " + Excerpt.of(servlet.getRequest().getRequestURI())
            : "the request";
    String message = null;
    if (e instanceof HttpRequestMethodNotSupportedException method) {
      String[] supported = method.getSupportedMethods();
      message =
          asked
              + " is not supported; this path takes "
              + (supported == null ? "another method" : String.join(", ", supported))
              + ".";
    } else if (e instanceof HttpMediaTypeNotSupportedException) {
      message =
          "The Content-Type " + contentType(request) + "; send 'Content-Type: application/json'.";
    }
    return ResponseEntity.status(status)
        .headers(headers)
        .contentType(MediaType.APPLICATION_JSON)
        .body(HttpErrors.response(status.value(), asked, message));
  }

  /** The fault of a content type; one that cannot be parsed is shown as it came. */
  private static String contentType(WebRequest request) {
    String sent = request.getHeader(HttpHeaders.CONTENT_TYPE);
    return sent == null || sent.isBlank()
        ? "is missing"
        : "'" + Excerpt.of(sent) + "' is not supported";
  }

  private static ResponseEntity<Object> response(ApiException e) {
    ResponseEntity.BodyBuilder builder =
        ResponseEntity.status(e.status()).contentType(MediaType.APPLICATION_JSON);
    if (e.retryAfter() != null) {
      builder.header(HttpHeaders.RETRY_AFTER, Long.toString(e.retryAfter().toSeconds()));
    }
    e.headers().forEach(builder::header);
    return builder.body(e.response());
  }
}
