package io.github.gpt2server.cli.console;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Iterator;
import org.junit.jupiter.api.Test;

class ProgressTest {
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final PrintStream err = new PrintStream(bytes, true, StandardCharsets.UTF_8);

  @Test
  void aLineEveryTenSecondsTellsWhatIsLeft() {
    // The first reading is the begin.
    Iterator<Long> seconds = Arrays.asList(100L, 109L, 112L, 121L, 125L).iterator();
    try (Progress progress = new Progress.Lines(err, 5000, () -> 1_000_000_000 * seconds.next())) {
      for (int i = 0; i < 4; i++) {
        progress.advance(1000);
      }
    }
    assertThat(bytes.toString(StandardCharsets.UTF_8).lines())
        .containsExactly(
            "2,000 of 5,000 tokens scored in 12 s, about 18 s left",
            "4,000 of 5,000 tokens scored in 25 s, about 6 s left");
  }

  @Test
  void aTerminalSeesABar() {
    Console console = new Console(InputStream.nullInputStream(), err, err, true);
    try (Progress progress = Progress.of(console, 40)) {
      progress.advance(40);
    }
    assertThat(bytes.toString(StandardCharsets.UTF_8)).contains("Scoring 100% [", "40/40 tokens");
  }
}
