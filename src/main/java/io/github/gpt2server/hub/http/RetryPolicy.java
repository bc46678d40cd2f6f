package io.github.gpt2server.hub.http;

import java.time.Duration;
import org.springframework.util.backoff.BackOffExecution;
import org.springframework.util.backoff.ExponentialBackOff;

/**
 * Limits and pauses of repeated requests. The pause doubles with each failure, from {@code first}
 * to {@code longest}; a pause that the hub asks for takes its place, up to {@code longestAsked}.
 *
 * @param attempts the number of failures in a row, none of which brought new bytes, that ends a
 *     request
 * @param first the pause after the first failure
 * @param longest the longest pause that is not asked for
 * @param longestAsked the longest pause that a hub may ask for
 * @param sleeper makes the pauses
 */
public record RetryPolicy(
    int attempts, Duration first, Duration longest, Duration longestAsked, Sleeper sleeper) {

  public static final RetryPolicy PATIENT =
      new RetryPolicy(
          6,
          Duration.ofSeconds(1),
          Duration.ofSeconds(16),
          Duration.ofMinutes(5),
          pause -> Thread.sleep(pause.toMillis()));

  /** Pauses the calling thread. */
  @FunctionalInterface
  public interface Sleeper {
    /** Returns after the pause. */
    void sleep(Duration pause) throws InterruptedException;
  }

  /** Returns pauses that double from {@code first} to {@code longest}. */
  BackOffExecution backOff() {
    ExponentialBackOff backOff = new ExponentialBackOff(first.toMillis(), 2);
    backOff.setMaxInterval(longest.toMillis());
    return backOff.start();
  }

  public RetryPolicy withAttempts(int number) {
    return new RetryPolicy(number, first, longest, longestAsked, sleeper);
  }
}
