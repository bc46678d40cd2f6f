package io.github.gpt2server.cli;

import java.io.PrintStream;
import java.util.Locale;
import java.util.function.LongSupplier;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** Tells how far a long computation is: a bar on a terminal, a line now and then elsewhere. */
interface Progress extends AutoCloseable {

  /** So many more tokens are done. */
  void advance(long tokens);

  @Override
  void close();

  /** Begins to tell of a computation of {@code total} tokens. */
  static Progress of(Console console, long total) {
    return console.terminal()
        ? new Bar(console.err(), total)
        : new Lines(console.err(), total, System::nanoTime);
  }

  /** A line that is drawn again and again, with the time that is left. */
  final class Bar implements Progress {
    private final ProgressBar bar;

    Bar(PrintStream err, long total) {
      bar =
          new ProgressBarBuilder()
              .setConsumer(new ConsoleProgressBarConsumer(err))
              .setStyle(ProgressBarStyle.ASCII)
              .setInitialMax(total)
              .setTaskName("Scoring")
              .setUnit(" tokens", 1)
              .showSpeed()
              .build();
    }

    @Override
    public void advance(long tokens) {
      bar.stepBy(tokens);
    }

    @Override
    public void close() {
      bar.close();
    }
  }

  /** A line at each tenth of the work, and whenever a minute has passed without one. */
  final class Lines implements Progress {
    private static final long MINUTE = 60_000_000_000L;

    private final PrintStream err;
    private final long total;
    private final LongSupplier nanoTime;
    private final long begin;
    private long done;
    private long lastTenth;
    private long lastTime;

    Lines(PrintStream err, long total, LongSupplier nanoTime) {
      this.err = err;
      this.total = total;
      this.nanoTime = nanoTime;
      this.begin = nanoTime.getAsLong();
      this.lastTime = begin;
    }

    @Override
    public void advance(long tokens) {
      done += tokens;
      long now = nanoTime.getAsLong();
      long tenth = 10 * done / total;
      if (tenth > lastTenth || now - lastTime >= MINUTE) {
        lastTenth = tenth;
        lastTime = now;
        err.println(
            String.format(
                Locale.ROOT,
                "%,d of %,d tokens scored after %.0f s",
                done,
                total,
                (now - begin) / 1e9));
      }
    }

    @Override
    public void close() {
      err.flush();
    }
  }
}
