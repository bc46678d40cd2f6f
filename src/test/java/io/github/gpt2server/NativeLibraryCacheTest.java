package io.github.gpt2server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NativeLibraryCacheTest {
  private static final Instant NOW = Instant.parse("2026-01-02T12:00:00Z");
  private static final Instant LONG_AGO = NOW.minus(Duration.ofMinutes(61));
  private static final Instant JUST_NOW = NOW.minus(Duration.ofMinutes(59));

  @TempDir private Path folder;

  @Test
  void makesTheFolderOrNamesTheVariable() throws IOException {
    NativeLibraryCache.create(folder.resolve("a/b"));
    assertThat(folder.resolve("a/b")).isDirectory();

    final Path file = Files.createFile(folder.resolve("file"));
    for (final Path wrong : List.of(file, file.resolve("below"))) {
      assertThatThrownBy(() -> NativeLibraryCache.create(wrong))
          .isInstanceOf(InvalidSettingException.class)
          .hasMessage(
              "DJL_CACHE_DIR="
                  + wrong
                  + " is not allowed: use a folder for the native libraries that is there or can be"
                  + " made, with 500 MB of room.");
    }
  }

  @Test
  void removesWhatNobodyHasWrittenToForAnHour() throws IOException {
    write("pytorch/tmp8571/libc10.so", LONG_AGO);
    write("pytorch/tmp8571/libtorch_cpu.so", LONG_AGO);
    write("pytorch/2.7.1-cpu-linux-x86_64/jni4712tmp", LONG_AGO);
    write("tokenizers/tmp90/libtokenizers.so", LONG_AGO);

    remove();

    assertThat(files()).isEmpty();
    assertThat(folder.resolve("pytorch/tmp8571")).doesNotExist();
  }

  @Test
  void leavesWhatAnotherProcessMayBeUnpacking() throws IOException {
    // One file of the folder is complete for long, the next is being written.
    write("pytorch/tmp8571/libc10.so", LONG_AGO);
    write("pytorch/tmp8571/libtorch_cpu.so", JUST_NOW);
    write("pytorch/2.7.1-cpu-linux-x86_64/jni4712tmp", JUST_NOW);
    write("tokenizers/tmp90/libtokenizers.so", JUST_NOW);

    remove();

    assertThat(files())
        .containsExactlyInAnyOrder(
            "pytorch/tmp8571/libc10.so",
            "pytorch/tmp8571/libtorch_cpu.so",
            "pytorch/2.7.1-cpu-linux-x86_64/jni4712tmp",
            "tokenizers/tmp90/libtokenizers.so");
  }

  @Test
  void leavesAnEmptyFolderThatAnotherProcessHasJustMade() throws IOException {
    touch(Files.createDirectories(folder.resolve("pytorch/tmp8571")), JUST_NOW);

    remove();

    assertThat(folder.resolve("pytorch/tmp8571")).isDirectory();
  }

  @Test
  void leavesCompleteLibrariesAndWhatIsNotDjls() throws IOException {
    final List<String> others =
        List.of(
            "pytorch/2.7.1-cpu-linux-x86_64/libtorch_cpu.so",
            "pytorch/2.7.1-cpu-linux-x86_64/0.36.0-libdjl_torch.so",
            "tokenizers/0.21.0-cpu-linux-x86_64/libtokenizers.so",
            "pytorch/tmpfiles/mine",
            "pytorch/models/tmp12/mine",
            "cache/tmp12/mine",
            "tmp12/mine");
    for (final String file : others) {
      write(file, LONG_AGO);
    }

    remove();

    assertThat(files()).containsExactlyInAnyOrderElementsOf(others);
  }

  @Test
  void removesNothingWhereNothingIs() {
    NativeLibraryCache.removeAbandoned(folder.resolve("absent"), NOW);

    assertThat(folder).isEmptyDirectory();
  }

  private void remove() {
    NativeLibraryCache.removeAbandoned(folder, NOW);
  }

  private void write(String name, Instant time) throws IOException {
    final Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    touch(Files.writeString(file, "half"), time);
    touch(file.getParent(), LONG_AGO);
  }

  private static void touch(Path path, Instant time) throws IOException {
    Files.setLastModifiedTime(path, FileTime.from(time));
  }

  private List<String> files() throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      return files
          .filter(Files::isRegularFile)
          .map(file -> folder.relativize(file).toString().replace('\\', '/'))
          .toList();
    }
  }
}
