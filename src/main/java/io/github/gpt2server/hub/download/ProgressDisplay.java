package io.github.gpt2server.hub.download;

import java.io.PrintStream;
import java.time.Duration;
import java.util.function.LongSupplier;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jline.terminal.impl.exec.ExecTerminalProvider;
import org.jline.terminal.spi.SystemStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Shows a download to the person who started the program: as a bar where that is a person at a
 * terminal, else as a line in the log now and then.
 */
public final class ProgressDisplay implements FetchListener, AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(ProgressDisplay.class);

  private static final long LOG_NANOS = Duration.ofSeconds(10).toNanos();
  private static final int BAR_MILLIS = 200;

  private final boolean terminal;
  private final PrintStream out;
  private final LongSupplier clock;
  private ProgressBar bar;
  private long logged;

  /** Looks where the errors of this process go. */
  public ProgressDisplay() {
    this(isTerminal(), System.err);
  }

  /**
   * Draws or logs.
   *
   * @param out where a bar is drawn
   */
  public ProgressDisplay(boolean terminal, PrintStream out) {
    this(terminal, out, System::nanoTime);
  }

  /**
   * The same.
   *
   * @param clock nanoseconds, by which lines of the log are rationed
   */
  ProgressDisplay(boolean terminal, PrintStream out, LongSupplier clock) {
    this.terminal = terminal;
    this.out = out;
    this.clock = clock;
    this.logged = clock.getAsLong();
  }

  @Override
  public void progress(FetchProgress progress) {
    if (terminal) {
      draw(progress);
    } else if (clock.getAsLong() - logged >= LOG_NANOS) {
      logged = clock.getAsLong();
      log.info("{}: {}", progress.model(), progress.text());
    }
  }

  /** The bar ends when all has come; if some of it was wrong, another bar begins. */
  private void draw(FetchProgress progress) {
    boolean all = progress.received() >= progress.total();
    if (bar == null && all) {
      return;
    }
    if (bar == null) {
      bar =
          new ProgressBarBuilder()
              .setTaskName(progress.model())
              .setInitialMax(progress.total())
              .startsFrom(progress.received(), Duration.ZERO)
              .setStyle(ProgressBarStyle.ASCII)
              .setUpdateIntervalMillis(BAR_MILLIS)
              .setUnit(" MB", 1_000_000)
              .showSpeed()
              .setConsumer(new Line(out))
              .build();
    }
    bar.stepTo(progress.received());
    if (all) {
      close();
    }
  }

  /** Ends the bar's line. */
  @Override
  public void close() {
    if (bar != null) {
      bar.close();
      out.println();
      bar = null;
    }
  }

  /**
   * Leaves the cursor at the beginning of the bar's line, so that a line of the log replaces it.
   */
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

    /** Not called for a bar that was too short-lived: its owner ends the line. */
    @Override
    public void close() {}
  }

  private static boolean isTerminal() {
    return !"dumb".equals(System.getenv("TERM"))
        && new ExecTerminalProvider().isSystemStream(SystemStream.Error);
  }
}
