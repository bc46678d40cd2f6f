package io.github.gpt2server.cli;

/** How long something takes. */
record Stopwatch(long begin) {

  static Stopwatch start() {
    return new Stopwatch(System.nanoTime());
  }

  double seconds() {
    return (System.nanoTime() - begin) / 1e9;
  }
}
