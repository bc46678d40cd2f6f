package io.github.gpt2server.cli.console;

/** How long something takes. */
public record Stopwatch(long begin) {

  public static Stopwatch start() {
    return new Stopwatch(System.nanoTime());
  }

  public double seconds() {
    return (System.nanoTime() - begin) / 1e9;
  }
}
