package io.github.gpt2server.model.torch.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/**
 * The kernels without Java: every variant, and those of ARM in Debian's qemu-user, give the same
 * checksums for random sizes and numbers.
 */
@EnabledOnOs(value = OS.LINUX, architectures = "amd64")
class KernelProgramTest {
  private static final Path PROGRAMS = Path.of("target/kernel-programs");
  private static final Path EMULATOR = Path.of("/usr/bin/qemu-aarch64");
  private static final int CANNOT_RUN = 3;
  private static final List<String> VARIANTS = List.of("avx2", "avxvnni", "avx512", "avx512vnni");

  private final int seed = new Random().nextInt(1_000_000);

  @Test
  void allVariantsOfThisProcessorGiveTheSame() throws Exception {
    String plain = checksums(List.of(program("linux-x86_64")), "generic");
    assertThat(plain.lines()).hasSize(16);
    for (String variant : VARIANTS) {
      String found = checksums(List.of(program("linux-x86_64")), variant);
      if (found != null) {
        assertThat(found).as("%s, seed %d", variant, seed).isEqualTo(plain);
      }
    }
  }

  /** The program ends by a signal at an overflow, a pointer out of an array and the like. */
  @Test
  void noVariantHasUndefinedBehaviour() throws Exception {
    String plain = checksums(List.of(program("linux-x86_64")), "generic");
    List<String> checked = List.of(program("linux-x86_64-checked"));
    assertThat(checksums(checked, "generic")).isEqualTo(plain);
    for (String variant : VARIANTS) {
      String found = checksums(checked, variant);
      if (found != null) {
        assertThat(found).as("%s, seed %d", variant, seed).isEqualTo(plain);
      }
    }
  }

  @Test
  void armGivesTheSame() throws Exception {
    assumeThat(EMULATOR).isExecutable();
    String plain = checksums(List.of(program("linux-x86_64")), "generic");
    assertThat(checksums(arm("max"), "neondot")).as("seed %d", seed).isEqualTo(plain);
    // A processor without dot products.
    assertThat(checksums(arm("cortex-a72"), "neon")).as("seed %d", seed).isEqualTo(plain);
    assertThat(checksums(arm("cortex-a72"), "neondot")).isNull();
  }

  private static List<String> arm(String processor) {
    return List.of(EMULATOR.toString(), "-cpu", processor, program("linux-aarch64"));
  }

  private static String program(String platform) {
    Path program = PROGRAMS.resolve(platform);
    assertThat(Files.isExecutable(program)).as("%s", program).isTrue();
    return program.toString();
  }

  /** The output of a program, or null if this processor cannot run the variant. */
  private String checksums(List<String> program, String variant)
      throws IOException, InterruptedException {
    List<String> command =
        java.util.stream.Stream.concat(
                program.stream(), java.util.stream.Stream.of(variant, String.valueOf(seed)))
            .toList();
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    int status = process.waitFor();
    if (status == CANNOT_RUN) {
      return null;
    }
    assertThat(status).as("%s: %s", command, output).isZero();
    return output;
  }
}
