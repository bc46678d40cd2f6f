package io.github.gpt2server.ops.metrics;

import java.util.function.LongSupplier;

/**
 * Tokens per second over the last ten seconds, without a scraper that would compute them from
 * counters. The engine thread adds, any thread reads.
 */
public final class TokenRates {
  private static final int SECONDS = 10;
  private static final long INTERVAL_NANOS = 100_000_000;
  private static final int INTERVALS = (int) (SECONDS * 1_000_000_000L / INTERVAL_NANOS);

  private final LongSupplier nanoTime;

  /** The interval that each entry of the counts was last used for. */
  private final long[] intervals = new long[INTERVALS];

  private final long[] promptTokens = new long[INTERVALS];
  private final long[] generatedTokens = new long[INTERVALS];

  /** Rates by the clock of this process. */
  public TokenRates() {
    this(System::nanoTime);
  }

  /** Rates by a clock in nanoseconds. */
  TokenRates(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
  }

  /** Adds the tokens of a step. */
  synchronized void add(int prompt, int generated) {
    long now = interval();
    int place = (int) Math.floorMod(now, (long) INTERVALS);
    if (intervals[place] != now) {
      intervals[place] = now;
      promptTokens[place] = 0;
      generatedTokens[place] = 0;
    }
    promptTokens[place] += prompt;
    generatedTokens[place] += generated;
  }

  /** Prompt tokens read in the last ten seconds, divided by ten. */
  public synchronized double prompt() {
    return recent(promptTokens);
  }

  /** Tokens generated in the last ten seconds, divided by ten. */
  public synchronized double generated() {
    return recent(generatedTokens);
  }

  private double recent(long[] counts) {
    long now = interval();
    long sum = 0;
    for (int place = 0; place < INTERVALS; place++) {
      if (now - intervals[place] < INTERVALS) {
        sum += counts[place];
      }
    }
    return (double) sum / SECONDS;
  }

  private long interval() {
    return Math.floorDiv(nanoTime.getAsLong(), INTERVAL_NANOS);
  }
}
