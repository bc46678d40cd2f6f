package io.github.gpt2server.drills;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.gpt2server.testing.ChildServer;
import io.github.gpt2server.testing.LookAlikeHub;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Disks that are full or cannot be written: a small tmpfs, which only root may mount. */
class DiskDrill {
  private static final String MODEL = "openai-community/gpt2";

  @TempDir private Path folder;

  private Path disk;
  private LookAlikeHub hub;

  @BeforeEach
  void mount() throws Exception {
    disk = Files.createDirectory(folder.resolve("disk"));
    boolean mounted = run("mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", disk.toString());
    if (!mounted) {
      DrillReport.add(
          8, "full disk, read-only cache", "a tmpfs could not be mounted: not root", "not done");
    }
    assumeTrue(mounted, "a tmpfs cannot be mounted: needs root");
    hub = new LookAlikeHub();
    hub.add(MODEL, Path.of("models/gpt2-fairytales"));
  }

  @AfterEach
  void unmount() throws Exception {
    if (hub != null) {
      hub.close();
      run("umount", disk.toString());
    }
  }

  @Test
  void fullThenReadOnly() throws Exception {
    String nativeFull = fails(Map.of("DJL_CACHE_DIR", disk.toString()));
    clear();
    String modelFull = fails(Map.of("HF_HUB_CACHE", disk.toString()), "--gpt2.model=" + MODEL);
    clear();
    assertThat(nativeFull)
        .contains("cannot be unpacked into " + disk, "MB are free", "DJL_CACHE_DIR");
    assertThat(modelFull).contains(disk.toString());

    remount("size=600m");
    remount("ro");
    Map<String, String> both =
        Map.of("DJL_CACHE_DIR", disk + "/djl", "HF_HUB_CACHE", disk + "/hub");
    String nativeReadOnly = fails(both);
    String modelReadOnly = fails(Map.of("HF_HUB_CACHE", disk + "/hub"), "--gpt2.model=" + MODEL);
    assertThat(nativeReadOnly).contains("cannot be unpacked into " + disk, "cannot be written to");
    assertThat(modelReadOnly).contains(disk.toString());

    remount("rw");
    String poem = serves(both);
    remount("ro");
    assertThat(serves(both)).isEqualTo(poem);
    remount("rw");
    assertThat(fillsUpWhileItServes(both)).isEqualTo(poem);
    DrillReport.add(
        8,
        "full disk, read-only cache",
        "a tmpfs for the native libraries and for the model: of 8 MB; empty and read-only; complete and"
            + " read-only; full while the server runs",
        "too small or read-only: exit code 1 and a sentence, “%s” “%s” “%s” “%s” Complete and read-only: serves. Full while it serves: goes on, ends with 143"
            .formatted(
                shown(nativeFull), shown(modelFull), shown(nativeReadOnly), shown(modelReadOnly)));
  }

  private String shown(String sentence) {
    return sentence.strip().replace(disk.toString(), "DISK");
  }

  private String fails(Map<String, String> variables, String... options) throws Exception {
    try (ChildServer server = server(variables, options)) {
      assertThat(server.exitCode()).isEqualTo(1);
      assertThat(server.errors().lines()).hasSize(1);
      return server.errors();
    }
  }

  private String serves(Map<String, String> variables) throws Exception {
    try (ChildServer server = server(variables, "--gpt2.model=" + MODEL)) {
      server.awaitHealth(200);
      return Watch.poem(server);
    }
  }

  private String fillsUpWhileItServes(Map<String, String> variables) throws Exception {
    try (ChildServer server = server(variables, "--gpt2.model=" + MODEL)) {
      server.awaitHealth(200);
      // It fails when nothing is left, which is what is wanted.
      run("dd", "if=/dev/zero", "of=" + disk.resolve("rest"), "bs=1M");
      assertThat(disk.toFile().getUsableSpace()).isLessThan(1 << 20);
      String poem = Watch.poem(server);
      server.terminate();
      assertThat(server.exitCode()).isEqualTo(143);
      return poem;
    }
  }

  private ChildServer server(Map<String, String> variables, String... options) throws IOException {
    Map<String, String> all = new HashMap<>(variables);
    all.put("HF_ENDPOINT", hub.endpoint());
    return new ChildServer(folder, all, options);
  }

  private void remount(String option) throws Exception {
    assertThat(run("mount", "-o", "remount," + option, disk.toString())).isTrue();
  }

  private void clear() throws Exception {
    assertThat(run("find", disk.toString(), "-mindepth", "1", "-delete")).isTrue();
  }

  private static boolean run(String... command) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    return process.waitFor(60, TimeUnit.SECONDS) && process.exitValue() == 0;
  }
}
