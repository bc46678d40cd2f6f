package io.github.gpt2server.ops.exchange;

import io.github.gpt2server.engine.handle.RequestProgress;
import io.github.gpt2server.engine.result.Outcome;
import io.github.gpt2server.web.error.HttpErrors;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Outcomes of clients' requests. */
public enum RequestOutcome {
  /** It was answered. */
  SUCCESS,
  /** The client left before the end. */
  CANCELLED,
  /** The client asked for something that cannot be had: 4xx. */
  REFUSED,
  /** The queue was full: 429. */
  QUEUE_FULL,
  /** A limit of its API key was reached: 429. */
  RATE_LIMITED,
  /** The model was being loaded, or the server was stopping: 503. */
  NOT_AVAILABLE,
  /** It was not complete in time. */
  TIMEOUT,
  /** The server is to blame. */
  FAILED;

  /**
   * Derives it from the status, and from the engine where a stream had begun with 200 before it
   * ended.
   *
   * @param broken whether an exception came after the answer had begun
   * @param limited whether a limit of its key refused the request
   */
  static RequestOutcome of(
      int status, boolean broken, boolean limited, List<RequestProgress> requests) {
    return switch (status) {
      case 429 -> limited ? RATE_LIMITED : QUEUE_FULL;
      case HttpErrors.CLIENT_CLOSED_REQUEST -> CANCELLED;
      case 503 -> NOT_AVAILABLE;
      case 504 -> TIMEOUT;
      default -> {
        if (status >= 400) {
          yield status < 500 ? REFUSED : FAILED;
        }
        yield requests.stream()
            .map(RequestOutcome::of)
            .filter(outcome -> outcome != SUCCESS)
            .findFirst()
            .orElse(broken ? CANCELLED : SUCCESS);
      }
    };
  }

  /** A request that has not ended counts as cancelled: its client has left. */
  private static RequestOutcome of(RequestProgress request) {
    Optional<Outcome> outcome = request.outcome();
    return outcome
        .map(
            how ->
                switch (how) {
                  case FINISHED -> SUCCESS;
                  case CANCELLED -> CANCELLED;
                  case TIMED_OUT -> TIMEOUT;
                  case FAILED -> FAILED;
                })
        .orElse(CANCELLED);
  }

  /** The value of {@code error.type}: empty for success, the status for a refusal. */
  String errorType(int status) {
    return switch (this) {
      case SUCCESS -> "";
      case REFUSED -> Integer.toString(status);
      default -> toString();
    };
  }

  /** The name as labels write it. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
