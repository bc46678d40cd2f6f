package io.github.gpt2server.cli.console;

import java.io.PrintStream;
import java.util.Locale;
import java.util.function.LongSupplier;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** Tells how far a long computation is: a bar on a terminal, a line now and then elsewhere. */
public interface Progress extends AutoCloseable {

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

  /** A line every ten seconds. */
  final class Lines implements Progress {
    private static final long PERIOD = 10_000_000_000L;

    private final PrintStream err;
    private final long total;
    private final LongSupplier nanoTime;
    private final long begin;
    private long done;
    private long lastLine;

    Lines(PrintStream err, long total, LongSupplier nanoTime) {
      this.err = err;
      this.total = total;
      this.nanoTime = nanoTime;
      this.begin = nanoTime.getAsLong();
      this.lastLine = begin;
    }

    @Override
    public void advance(long tokens) {
      done += tokens;
      long now = nanoTime.getAsLong();
      if (now - lastLine >= PERIOD) {
        lastLine = now;
        double seconds = (now - begin) / 1e9;
        err.println(
            String.format(
                Locale.ROOT,
                "%,d of %,d tokens scored after %.0f s, about %.0f s to go",
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
