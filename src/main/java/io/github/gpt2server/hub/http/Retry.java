package io.github.gpt2server.hub.http;

import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.util.backoff.BackOffExecution;

/** Repeats one request after failures, with growing pauses, until a limit. Not thread-safe. */
public final class Retry {
  private static final Logger log = LoggerFactory.getLogger(Retry.class);

  private final RetryPolicy policy;
  private final HubFailures failures;
  private int failed;
  private BackOffExecution backOff;

  public Retry(RetryPolicy policy, HubFailures failures) {
    this.policy = policy;
    this.failures = failures;
    this.backOff = policy.backOff();
  }

  /** One try of a request. */
  @FunctionalInterface
  public interface Attempt<T> {
    T make() throws IOException, InterruptedException, NotOnHubException;
  }

  /**
   * Repeats a request until it succeeds.
   *
   * @throws HubUnreachableException if the limit of attempts is reached
   */
  public <T> T call(URI uri, Attempt<T> attempt) throws InterruptedException, NotOnHubException {
    while (true) {
      try {
        return attempt.make();
      } catch (IOException e) {
        afterFailure(uri, e);
      }
    }
  }

  /** Starts counting anew, because the last attempt received new bytes before it failed. */
  public void progressed() {
    failed = 0;
    backOff = policy.backOff();
  }

  /**
   * Pauses before the next attempt.
   *
   * @throws HubUnreachableException if the request must not be repeated
   */
  public void afterFailure(URI uri, IOException e) throws InterruptedException {
    failed++;
    Duration asked = e instanceof TransientException t ? t.retryAfter() : null;
    if (failed >= policy.attempts()
        || e instanceof SSLHandshakeException
        || e instanceof SSLPeerUnverifiedException
        || (asked != null && asked.compareTo(policy.longestAsked()) > 0)) {
      throw failures.unreachable(uri, e, failed);
    }
    Duration own = pause();
    Duration pause = asked != null ? asked : own;
    log.warn(
        "{}: {}; trying again in {} s",
        uri.getHost(),
        failures.reason(uri, e),
        "%.1f".formatted(pause.toMillis() / 1e3));
    policy.sleeper().sleep(pause);
  }

  /** Adds up to a quarter at random, so that many servers do not return at the same time. */
  private Duration pause() {
    long pause = backOff.nextBackOff();
    return Duration.ofMillis(pause + ThreadLocalRandom.current().nextLong(pause / 4 + 1));
  }
}
