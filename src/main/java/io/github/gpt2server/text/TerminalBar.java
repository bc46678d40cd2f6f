package io.github.gpt2server.text;

import java.io.PrintStream;
import java.time.Duration;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** A progress bar on a terminal's last line, with the speed and the remaining time. */
public final class TerminalBar implements AutoCloseable {
  private static final int UPDATE_MILLIS = 200;

  /** The unit in which a bar counts. */
  public enum Unit {
    TOKENS(" tokens", 1),
    MEGABYTES(" MB", 1_000_000);

    private final String label;
    private final long size;

    Unit(String label, long size) {
      this.label = label;
      this.size = size;
    }
  }

  private final PrintStream terminal;
  private final ProgressBar bar;

  /**
   * Draws the bar.
   *
   * @param done the amount that was done before, which does not count for the speed
   * @param total the amount at which the bar is full
   */
  public TerminalBar(PrintStream terminal, String task, Unit unit, long done, long total) {
    this.terminal = terminal;
    this.bar =
        new ProgressBarBuilder()
            .setTaskName(task)
            .setInitialMax(total)
            .startsFrom(done, Duration.ZERO)
            .setStyle(ProgressBarStyle.ASCII)
            .setUpdateIntervalMillis(UPDATE_MILLIS)
            .setUnit(unit.label, unit.size)
            .showSpeed()
            .setConsumer(new Line(terminal))
            .build();
  }

  /** Sets the amount that is done. */
  public void stepTo(long done) {
    bar.stepTo(done);
  }

  /** Draws the bar for the last time and ends its line. */
  @Override
  public void close() {
    bar.close();
    terminal.println();
  }

  /** Leaves the cursor at the beginning of the line, so that a line of the log replaces the bar. */
  private static final class Line extends ConsoleProgressBarConsumer {
    private final PrintStream terminal;

    Line(PrintStream terminal) {
      super(terminal);
      this.terminal = terminal;
    }

    @Override
    public void accept(String text) {
      terminal.print(text + '\r');
      terminal.flush();
    }

    /** Does not end the line: a bar that is closed before its first update never calls this. */
    @Override
    public void close() {}
  }
}
