package io.github.gpt2server.cli.console;

import io.github.gpt2server.text.LineInterval;
import io.github.gpt2server.text.TerminalBar;
import java.io.PrintStream;
import java.util.Locale;
import java.util.function.LongSupplier;

/** Progress of a long computation: a bar on a terminal, a line every ten seconds elsewhere. */
public interface Progress extends AutoCloseable {
  /** Adds to the number of scored tokens. */
  void advance(long tokens);

  @Override
  void close();

  /** Starts the display for a computation over {@code total} tokens. */
  static Progress of(Console console, long total) {
    return console.terminal()
        ? new Bar(console.err(), total)
        : new Lines(console.err(), total, System::nanoTime);
  }

  /** A bar that is redrawn in place. */
  final class Bar implements Progress {
    private final TerminalBar bar;
    private long done;

    Bar(PrintStream err, long total) {
      bar = new TerminalBar(err, "Scoring", TerminalBar.Unit.TOKENS, 0, total);
    }

    @Override
    public void advance(long tokens) {
      done += tokens;
      bar.stepTo(done);
    }

    @Override
    public void close() {
      bar.close();
    }
  }

  /** A line every ten seconds. */
  final class Lines implements Progress {
    private final PrintStream err;
    private final long total;
    private final LongSupplier nanoTime;
    private final long begin;
    private final LineInterval interval;
    private long done;

    Lines(PrintStream err, long total, LongSupplier nanoTime) {
      this.err = err;
      this.total = total;
      this.nanoTime = nanoTime;
      this.begin = nanoTime.getAsLong();
      this.interval = new LineInterval(begin);
    }

    @Override
    public void advance(long tokens) {
      done += tokens;
      long now = nanoTime.getAsLong();
      if (interval.isDue(now)) {
        double seconds = (now - begin) / 1e9;
        err.println(
            String.format(
                Locale.ROOT,
                "%,d of %,d tokens scored in %.0f s, about %.0f s left",
                done,
                total,
                seconds,
                seconds * (total - done) / done));
      }
    }

    @Override
    public void close() {
      err.flush();
    }
  }
}
