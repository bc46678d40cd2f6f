package io.github.gpt2server.hub.download;

import java.util.ArrayDeque;
import java.util.Deque;

/** Growth of a number of bytes over the last ten seconds. */
final class Speed {
  private static final long WINDOW_NANOS = 10_000_000_000L;

  private record Sample(long nanos, long bytes) {}

  private final Deque<Sample> samples = new ArrayDeque<>();

  /** Records the number at a time and returns the growth per second, 0 for the first record. */
  long update(long nanos, long bytes) {
    // Bytes that are discarded are not a negative speed: the measurement starts again.
    if (!samples.isEmpty() && bytes < samples.getLast().bytes()) {
      samples.clear();
    }
    samples.addLast(new Sample(nanos, bytes));
    while (nanos - samples.getFirst().nanos() > WINDOW_NANOS && samples.size() > 2) {
      samples.removeFirst();
    }
    long elapsed = nanos - samples.getFirst().nanos();
    return elapsed <= 0 ? 0 : Math.round((bytes - samples.getFirst().bytes()) * 1e9 / elapsed);
  }
}
