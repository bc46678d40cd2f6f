package io.github.gpt2server.boot.libraries;

import static org.assertj.core.api.Assertions.assertThat;

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
  void removesWhatNobodyHasWrittenToForAnHour() throws IOException {
    write("unpacking-8571/libc10.so", LONG_AGO);
    write("unpacking-8571/libtorch_cpu.so", LONG_AGO);
    write("unpacking-90/libtokenizers.so", LONG_AGO);

    remove();

    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void leavesWhatAnotherProcessMayBeUnpacking() throws IOException {
    // One file of the folder is complete for long, the next is being written.
    write("unpacking-8571/libc10.so", LONG_AGO);
    write("unpacking-8571/libtorch_cpu.so", JUST_NOW);
    touch(Files.createDirectories(folder.resolve("unpacking-90")), JUST_NOW);

    remove();

    assertThat(files())
        .containsExactlyInAnyOrder("unpacking-8571/libc10.so", "unpacking-8571/libtorch_cpu.so");
    assertThat(folder.resolve("unpacking-90")).isDirectory();
  }

  @Test
  void leavesCompleteLibrariesAndWhatIsNotItsOwn() throws IOException {
    List<String> others = List.of("libtorch-01ab/libtorch_cpu.so", "djl/unpacking-1/mine", "mine");
    for (String file : others) {
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
    Path file = folder.resolve(name);
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
