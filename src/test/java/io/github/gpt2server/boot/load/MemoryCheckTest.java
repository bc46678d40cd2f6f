package io.github.gpt2server.boot.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.gpt2server.model.ModelLoadException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

@ExtendWith(OutputCaptureExtension.class)
class MemoryCheckTest {
  private static final long GB = 1_000_000_000;
  private static final MemoryCheck MACHINE = new MemoryCheck(8 * GB, 3 * GB);

  @TempDir Path folder;

  @Test
  void saysNothingWhereThereIsRoom(CapturedOutput output) {
    MACHINE.requireRoom(GB, 2 * GB, 4);
    assertThat(output).isEmpty();
  }

  @Test
  void warnsWhereOthersHoldWhatIsNeeded(CapturedOutput output) {
    MACHINE.requireRoom(GB, 2 * GB + 1, 4);
    assertThat(output)
        .contains(
            "Memory may run out: the model needs 1.0 GB for its weights and 2.0 GB for the KV and"
                + " prefix caches of gpt2.max-sequences=4, but only 3.0 of 8.0 GB are free now: lower"
                + " gpt2.max-sequences or choose a smaller model");
    MACHINE.requireRoom(GB, 7 * GB, 4);
  }

  @Test
  void refusesMoreThanThereIs() {
    assertThatExceptionOfType(ModelLoadException.class)
        .isThrownBy(() -> MACHINE.requireRoom(GB, 7 * GB + 1, 4))
        .withMessage(
            "the model needs 1.0 GB for its weights and 7.0 GB for the KV and prefix caches of"
                + " gpt2.max-sequences=4, but this machine or its container has 8.0 GB: lower"
                + " gpt2.max-sequences or choose a smaller model");
  }

  @Test
  void readsWhatLinuxSaysIsAvailable() throws IOException {
    Path meminfo = folder.resolve("meminfo");
    assertThat(MemoryCheck.available(meminfo, 7)).isEqualTo(7);
    Files.writeString(meminfo, "MemTotal: 24 kB\nMemFree: 1 kB\n");
    assertThat(MemoryCheck.available(meminfo, 7)).isEqualTo(7);
    Files.writeString(meminfo, "MemTotal:  24 kB\nMemAvailable:    12 kB\n");
    assertThat(MemoryCheck.available(meminfo, 7)).isEqualTo(12 * 1024);
    MemoryCheck here = MemoryCheck.ofThisMachine();
    assertThat(here.available()).isPositive().isLessThanOrEqualTo(here.total());
  }
}
