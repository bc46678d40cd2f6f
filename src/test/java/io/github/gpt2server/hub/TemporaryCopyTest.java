package io.github.gpt2server.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Copies of killed processes are removed, copies of running ones are not. */
class TemporaryCopyTest {
  private static final String HOLDER =
      """
      import java.nio.channels.*;
      import java.nio.file.*;

      class Holder {
        public static void main(String[] args) throws Exception {
          try (FileChannel file = FileChannel.open(Path.of(args[0]), StandardOpenOption.WRITE);
              FileLock lock = file.lock()) {
            System.out.write('L');
            System.out.flush();
            System.in.read();
          }
        }
      }
      """;

  @TempDir private Path temporary;

  @Test
  void whatAKilledProcessHasLeftIsRemoved() throws Exception {
    Path left = left("gpt2-server-model-1");
    Process holder = holdLock(left);

    Path own = TemporaryCopy.create(temporary);
    assertThat(left.resolve("model.safetensors")).exists();
    TemporaryCopy.delete(own);

    holder.destroyForcibly().onExit().join();
    own = TemporaryCopy.create(temporary);
    assertThat(left).doesNotExist();
    assertThat(own).isDirectory();
    TemporaryCopy.delete(own);
    assertThat(temporary.resolve("Holder.java")).exists();
    assertThat(own).doesNotExist();
  }

  @Test
  void oneOfThisProcessStays() throws IOException {
    Path first = TemporaryCopy.create(temporary);
    makeOld(first.resolve(".lock"));
    Path second = TemporaryCopy.create(temporary);

    assertThat(first).isDirectory();
    TemporaryCopy.delete(first);
    TemporaryCopy.delete(second);
    assertThat(temporary).isEmptyDirectory();
  }

  @Test
  void oneThatIsNewOrHasNoLockStays() throws IOException {
    Path young = left("gpt2-server-model-1");
    Files.setLastModifiedTime(young.resolve(".lock"), FileTime.from(Instant.now()));
    Path without = left("gpt2-server-model-2");
    Files.delete(without.resolve(".lock"));
    Path other = left("other-model-3");

    TemporaryCopy.delete(TemporaryCopy.create(temporary));

    assertThat(young.resolve("model.safetensors")).exists();
    assertThat(without.resolve("model.safetensors")).exists();
    assertThat(other.resolve("model.safetensors")).exists();
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void linksAreNotFollowed() throws IOException {
    Path elsewhere = left("elsewhere");
    Files.createSymbolicLink(temporary.resolve("gpt2-server-model-1"), elsewhere);

    TemporaryCopy.delete(TemporaryCopy.create(temporary));

    assertThat(elsewhere.resolve("model.safetensors")).exists();
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void oneOfAnotherUserStays() throws IOException {
    assumeTrue(
        (int) Files.getAttribute(temporary, "unix:uid") == 0,
        "only root can give a folder to another user");
    Path left = left("gpt2-server-model-1");
    Files.setAttribute(left, "unix:uid", 65534);

    TemporaryCopy.delete(TemporaryCopy.create(temporary));

    assertThat(left.resolve("model.safetensors")).exists();
  }

  private Path left(String name) throws IOException {
    Path folder = Files.createDirectory(temporary.resolve(name));
    Files.writeString(folder.resolve("model.safetensors"), "weights");
    makeOld(Files.createFile(folder.resolve(".lock")));
    return folder;
  }

  private static void makeOld(Path file) throws IOException {
    Files.setLastModifiedTime(file, FileTime.from(Instant.now().minus(Duration.ofMinutes(2))));
  }

  private Process holdLock(Path folder) throws IOException {
    Path source = Files.writeString(temporary.resolve("Holder.java"), HOLDER);
    Process holder =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                source.toString(),
                folder.resolve(".lock").toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    assertThat(holder.getInputStream().read()).isEqualTo('L');
    return holder;
  }
}
