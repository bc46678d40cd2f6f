package io.github.gpt2server.cli.console;

/**
 * Measurement of elapsed time.
 *
 * @param begin the start on {@link System#nanoTime}
 */
public record Stopwatch(long begin) {

  public static Stopwatch start() {
    return new Stopwatch(System.nanoTime());
  }

  public double seconds() {
    return (System.nanoTime() - begin) / 1e9;
  }
}
