package io.github.gpt2server.hub.http;

import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The failures of one request in a row: pauses between them and gives up in the end. */
public final class Retry {
  private static final Logger log = LoggerFactory.getLogger(Retry.class);

  private final RetryPolicy policy;
  private final HubFailures failures;
  private int failed;

  public Retry(RetryPolicy policy, HubFailures failures) {
    this.policy = policy;
    this.failures = failures;
  }

  /** A request. */
  @FunctionalInterface
  public interface Attempt<T> {
    /** Makes it. */
    T make() throws IOException, InterruptedException, NotOnHubException;
  }

  /**
   * Makes a request until it succeeds.
   *
   * @throws HubUnreachableException if it never does
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

  /** Notes that the last attempt brought something, even if it failed later. */
  public void progressed() {
    failed = 0;
  }

  /**
   * Pauses before the next attempt.
   *
   * @throws HubUnreachableException if there should be none
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
    Duration pause = asked != null ? asked : pause();
    log.warn(
        "{}: {}; trying again in {} s",
        uri.getHost(),
        failures.reason(uri, e),
        "%.1f".formatted(pause.toMillis() / 1e3));
    policy.sleeper().sleep(pause);
  }

  /** Up to a quarter longer by chance, so that many servers do not come back at once. */
  private Duration pause() {
    long doubled = policy.first().toMillis() << Math.min(failed - 1, 20);
    long pause = Math.min(doubled, policy.longest().toMillis());
    return Duration.ofMillis(pause + ThreadLocalRandom.current().nextLong(pause / 4 + 1));
  }
}
