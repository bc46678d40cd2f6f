package io.github.gpt2server.hub.download;

import io.github.gpt2server.text.LineInterval;
import io.github.gpt2server.text.TerminalBar;
import java.io.PrintStream;
import java.util.function.LongSupplier;
import org.jline.terminal.impl.exec.ExecTerminalProvider;
import org.jline.terminal.spi.SystemStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Progress of a download: a bar on a terminal, a line in the log every ten seconds elsewhere. */
public final class ProgressDisplay implements FetchListener, AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(ProgressDisplay.class);

  private final boolean terminal;
  private final PrintStream out;
  private final LongSupplier clock;
  private final LineInterval interval;
  private TerminalBar bar;

  /** Creates a display on standard error. */
  public ProgressDisplay() {
    this(isTerminal(), System.err);
  }

  /**
   * Creates a display.
   *
   * @param terminal whether {@code out} is a terminal, on which a bar can be drawn
   */
  public ProgressDisplay(boolean terminal, PrintStream out) {
    this(terminal, out, System::nanoTime);
  }

  /**
   * Creates a display with its own clock.
   *
   * @param clock the time in nanoseconds
   */
  ProgressDisplay(boolean terminal, PrintStream out, LongSupplier clock) {
    this.terminal = terminal;
    this.out = out;
    this.clock = clock;
    this.interval = new LineInterval(clock.getAsLong());
  }

  @Override
  public void progress(FetchProgress progress) {
    if (terminal) {
      draw(progress);
    } else if (interval.isDue(clock.getAsLong())) {
      log.info("{}: {}", progress.model(), progress.text());
    }
  }

  /** Ends the bar when everything has arrived; another begins if some of it was damaged. */
  private void draw(FetchProgress progress) {
    boolean all = progress.received() >= progress.total();
    if (bar == null && all) {
      return;
    }
    if (bar == null) {
      bar =
          new TerminalBar(
              out,
              progress.model(),
              TerminalBar.Unit.MEGABYTES,
              progress.received(),
              progress.total());
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
      bar = null;
    }
  }

  private static boolean isTerminal() {
    return !"dumb".equals(System.getenv("TERM"))
        && new ExecTerminalProvider().isSystemStream(SystemStream.Error);
  }
}
