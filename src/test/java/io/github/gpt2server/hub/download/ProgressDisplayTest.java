package io.github.gpt2server.hub.download;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

class ProgressDisplayTest {
  private static final long MB = 1_000_000;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          0           | 548_000_000 | 0          | 0 bytes of 548 MB (0 %)
          120_000_000 | 548_000_000 | 11_000_000 | 120 MB of 548 MB (21 %), 11 MB/s, 39 s left
          500_000     | 6_430_000_000 | 9_100_000 | 500 kB of 6.4 GB (0 %), 9.1 MB/s, 11 min left
          1_000_000   | 9_000_000_000 | 500_000  | 1.0 MB of 9.0 GB (0 %), 500 kB/s, 4 h left
          999         | 1_000       | 1          | 999 bytes of 1.0 kB (99 %), 1 bytes/s, 1 s left
          2_000       | 2_000       | 5          | all 2.0 kB received; verifying checksums
          """)
  void tellsBytesSpeedAndTimeLeft(String received, String total, String speed, String text) {
    assertThat(new FetchProgress("a/b", number(received), number(total), number(speed)).text())
        .isEqualTo(text);
  }

  private static long number(String text) {
    return Long.parseLong(text.replace("_", ""));
  }

  @Test
  void drawsABarOnATerminal() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (ProgressDisplay display =
        new ProgressDisplay(true, new PrintStream(out, true, StandardCharsets.UTF_8), () -> 0)) {
      display.progress(new FetchProgress("org/small", 0, 50 * MB, 0));
      display.progress(new FetchProgress("org/small", 50 * MB, 50 * MB, 0));
      // While it is checked there is no second bar.
      display.progress(new FetchProgress("org/small", 50 * MB, 50 * MB, 0));
    }

    String drawn = out.toString(StandardCharsets.UTF_8);
    String last = drawn.substring(drawn.stripTrailing().lastIndexOf('\r') + 1);
    assertThat(last)
        .startsWith("org/small 100% [==")
        .contains("] 50/50 MB (", " MB/s")
        .endsWith("\n");
    assertThat(drawn.chars().filter(c -> c == '\n')).hasSize(1);
  }

  @Test
  @ExtendWith(OutputCaptureExtension.class)
  void logsALineEveryTenSecondsElsewhere(CapturedOutput output) {
    AtomicLong seconds = new AtomicLong(100);
    PrintStream none = new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8);
    try (ProgressDisplay display =
        new ProgressDisplay(false, none, () -> seconds.get() * 1_000_000_000)) {
      for (int i = 0; i <= 25; i++) {
        display.progress(new FetchProgress("org/small", i * MB, 50 * MB, MB));
        seconds.incrementAndGet();
      }
    }

    assertThat(output.getOut().lines().map(line -> line.replaceFirst(".*org/small", "org/small")))
        .containsExactly(
            "org/small: 10 MB of 50 MB (20 %), 1.0 MB/s, 40 s left",
            "org/small: 20 MB of 50 MB (40 %), 1.0 MB/s, 30 s left");
  }

  @Test
  void measuresTheSpeedOfTheLastSeconds() {
    Speed speed = new Speed();
    long second = 1_000_000_000L;

    assertThat(speed.update(0, 0)).isZero();
    assertThat(speed.update(second, 10)).isEqualTo(10);
    assertThat(speed.update(2 * second, 30)).isEqualTo(15);
    // The first seconds are forgotten.
    assertThat(speed.update(12 * second, 130)).isEqualTo(10);
    // What was thrown away is not counted backwards.
    assertThat(speed.update(13 * second, 0)).isZero();
    assertThat(speed.update(14 * second, 7)).isEqualTo(7);
  }
}
