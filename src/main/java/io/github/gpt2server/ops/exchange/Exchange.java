package io.github.gpt2server.ops.exchange;

import io.github.gpt2server.engine.handle.RequestProgress;
import io.github.gpt2server.web.ratelimit.LimitKind;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * A request of a client and its answer, when it is over.
 *
 * @param id the request's; null where nothing gives ids
 * @param method the HTTP method
 * @param path without the query
 * @param client the client's address
 * @param keyName the name of the client's API key; {@code unnamed} or {@code anonymous} without one
 * @param operation the operation of the model; empty for requests that need no model
 * @param model the served model's id; empty while it loads
 * @param status the HTTP status
 * @param outcome the way in which it ended
 * @param refusedBy the limit of its key that refused it
 * @param duration from the first filter to the last byte
 * @param requests the requests to the engine
 */
public record Exchange(
    String id,
    String method,
    String path,
    String client,
    String keyName,
    Optional<Operation> operation,
    String model,
    int status,
    RequestOutcome outcome,
    Optional<LimitKind> refusedBy,
    Duration duration,
    List<RequestProgress> requests) {

  /** Tokens of the prompts, read from the cache or computed. */
  public int promptTokens() {
    return requests.stream().mapToInt(RequestProgress::promptTokens).sum();
  }

  /** Generated tokens. */
  public int generatedTokens() {
    return requests.stream().mapToInt(RequestProgress::generatedTokens).sum();
  }

  /** The value of {@code error.type}; empty for success. */
  public String errorType() {
    return outcome.errorType(status);
  }
}
