package io.github.gpt2server.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class RegularFileTest {
  private static final int MOST = 8;

  @TempDir Path folder;

  @Test
  void readsAFileAndALinkToOne() throws IOException {
    Path file = Files.write(folder.resolve("file"), new byte[MOST]);
    assertThat(RegularFile.read(file, MOST)).hasSize(MOST);
    Path link = Files.createSymbolicLink(folder.resolve("link"), file);
    assertThat(RegularFile.read(link, MOST)).hasSize(MOST);
    assertThat(RegularFile.read(Files.createFile(folder.resolve("empty")), MOST)).isEmpty();
  }

  @Test
  void refusesWhatIsTooLarge() throws IOException {
    Path file = Files.write(folder.resolve("file"), new byte[MOST + 1]);
    assertRefused(file, file + " has 9 bytes, but may have at most 8");
  }

  @Test
  void refusesWhatIsNotThere() {
    Path file = folder.resolve("none");
    assertRefused(file, file + " does not exist");
  }

  @Test
  void refusesAFolder() {
    assertRefused(folder, folder + " is a folder, not a file");
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void refusesADevice() {
    Path file = Path.of("/dev/zero");
    assertRefused(file, "/dev/zero is a pipe, a device or a socket, not a regular file");
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void refusesANamedPipe() throws Exception {
    Path file = folder.resolve("pipe");
    int made = new ProcessBuilder("mkfifo", file.toString()).inheritIO().start().waitFor();
    assumeThat(made).isZero();
    assertRefused(file, file + " is a pipe, a device or a socket, not a regular file");
  }

  private static void assertRefused(Path file, String message) {
    assertThatExceptionOfType(UnusableFileException.class)
        .isThrownBy(() -> RegularFile.read(file, MOST))
        .withMessage(message);
  }
}
