package io.github.gpt2server.hub.http;

import java.time.Duration;

/**
 * How a failed request is tried again. The pause doubles each time, from {@code first} to {@code
 * longest}; a hub that asks for a pause gets it, up to {@code longestAsked}.
 *
 * @param attempts how often a request is made that brings nothing new
 * @param first the pause after the first failure
 * @param longest the longest pause of our own choice
 * @param longestAsked the longest pause that a hub may ask for
 * @param sleeper pauses
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
    /** Returns after so long. */
    void sleep(Duration pause) throws InterruptedException;
  }

  public RetryPolicy withAttempts(int number) {
    return new RetryPolicy(number, first, longest, longestAsked, sleeper);
  }
}
