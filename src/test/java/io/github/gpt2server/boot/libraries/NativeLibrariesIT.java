package io.github.gpt2server.boot.libraries;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.gpt2server.testing.ChildServer;
import io.github.gpt2server.testing.OneCore;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Where native code is loaded from, and from where it is not. */
@OneCore
@EnabledOnOs(OS.LINUX)
class NativeLibrariesIT {
  /** As DJL would name the folder of its tokenizer. */
  private static final String OF_DJL = "tokenizers/0.21.0-0.36.0-cpu-linux-x86_64/libtokenizers.so";

  @TempDir private Path folder;

  @Test
  void whatOthersHavePlantedIsNotLoaded() throws Exception {
    Path cache = folder.resolve("cache");
    Files.createDirectories(cache.resolve(OF_DJL).getParent());
    Files.writeString(cache.resolve(OF_DJL), "planted");
    Map<String, String> variables = Map.of("DJL_CACHE_DIR", cache.toString());
    try (ChildServer server = new ChildServer(folder, variables)) {
      server.awaitHealth(200);
      assertThat(loaded(server))
          .hasSize(7)
          .allMatch(path -> path.startsWith(cache + "/gpt2-server/"));
    }
    List<Path> libraries = find(cache.resolve("gpt2-server"), "lib(tokenizers|torch|c10)[.]so");
    assertThat(libraries).hasSize(3);
    for (Path library : libraries) {
      try (RandomAccessFile file = new RandomAccessFile(library.toFile(), "rw")) {
        file.write("planted, of the same size".getBytes(java.nio.charset.StandardCharsets.UTF_8));
      }
    }

    try (ChildServer server = new ChildServer(folder, variables)) {
      server.awaitHealth(200);
      assertThat(server.output())
          .contains("are not those that were unpacked there; they are unpacked again");
    }
  }

  /** As it is for {@code nobody}, or under systemd's DynamicUser. */
  @Test
  void withoutAHomeTheFolderIsANewOneThatGoesWithTheProcess() throws Exception {
    Path temporary = Files.createDirectory(folder.resolve("tmp"));
    Path planted = temporary.resolve(".djl.ai").resolve(OF_DJL);
    Files.createDirectories(planted.getParent());
    Files.writeString(planted, "planted");
    Map<String, String> variables =
        Map.of("JDK_JAVA_OPTIONS", "-Duser.home=? -Djava.io.tmpdir=" + temporary);
    try (ChildServer server = new ChildServer(folder, variables)) {
      server.awaitHealth(200);
      List<Path> made = find(temporary, "gpt2-server-native-.*");
      assertThat(made).hasSize(1);
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(made.get(0))))
          .isEqualTo("rwx------");
      assertThat(loaded(server)).hasSize(7).allMatch(path -> path.startsWith(made.get(0) + "/"));

      server.terminate();

      assertThat(server.exitCode()).isEqualTo(143);
    }
    try (Stream<Path> left = Files.list(temporary)) {
      assertThat(left.filter(path -> !path.endsWith(".djl.ai"))).isEmpty();
    }
  }

  @Test
  void aFolderOfAnotherUserIsRefused() throws Exception {
    assumeTrue(
        (int) Files.getAttribute(folder, "unix:uid") == 0,
        "only root can give a folder to another user");
    Path cache = Files.createDirectory(folder.resolve("cache"));
    Files.setAttribute(cache, "unix:uid", 65534);

    try (ChildServer server = new ChildServer(folder, Map.of("DJL_CACHE_DIR", cache.toString()))) {
      assertThat(server.exitCode()).isEqualTo(1);
      assertThat(server.errors())
          .isEqualTo(
              ("DJL_CACHE_DIR=%s is not allowed: use a folder that only the user of this process can write to, because code is loaded from it (%s belongs to the user 65534, but"
                      + " this process runs as the user 0).\n")
                  .formatted(cache, cache.toRealPath()));
    }
  }

  @Test
  void aNamedFolderThatOthersCanWriteToIsRefused() throws Exception {
    Path named = Files.createDirectory(folder.resolve("libtorch"));
    Files.setPosixFilePermissions(named, PosixFilePermissions.fromString("rwxrwxrwx"));

    try (ChildServer server =
        new ChildServer(folder, Map.of("PYTORCH_LIBRARY_PATH", named.toString()))) {
      assertThat(server.exitCode()).isEqualTo(1);
      assertThat(server.errors())
          .isEqualTo(
              ("PYTORCH_LIBRARY_PATH=%s is not allowed: use a place that only the user of this"
                      + " process, or root, can write to, because code is loaded from it (%s can be"
                      + " written to by others).\n")
                  .formatted(named, named.toRealPath()));
    }
  }

  /** The libraries of the jar that the process has mapped. */
  private static List<String> loaded(ChildServer server) throws IOException {
    try (Stream<String> maps = Files.lines(Path.of("/proc/" + server.pid() + "/maps"))) {
      return maps.filter(line -> line.matches(".*/(lib(torch|c10|djl|gomp|tok|jni)[^/]*|.*jna.*)"))
          .map(line -> line.substring(line.indexOf('/')))
          .distinct()
          .toList();
    }
  }

  private static List<Path> find(Path start, String name) throws IOException {
    try (Stream<Path> paths = Files.walk(start)) {
      return paths.filter(path -> path.getFileName().toString().matches(name)).toList();
    }
  }
}
