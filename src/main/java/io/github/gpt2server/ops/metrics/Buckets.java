package io.github.gpt2server.ops.metrics;

import java.time.Duration;
import java.util.Arrays;

/** Boundaries of histograms. */
final class Buckets {
  private static final double NANOS = 1e9;

  private Buckets() {}

  static Duration[] seconds(double... boundaries) {
    return Arrays.stream(boundaries)
        .mapToObj(boundary -> Duration.ofNanos(Math.round(boundary * NANOS)))
        .toArray(Duration[]::new);
  }
}
