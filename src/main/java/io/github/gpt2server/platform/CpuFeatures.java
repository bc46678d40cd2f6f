package io.github.gpt2server.platform;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The instruction sets of this machine's CPU, by the kernel's names for them.
 *
 * @param names such as {@code avx2} or {@code avx512_bf16}; empty where the system does not tell
 */
public record CpuFeatures(Set<String> names) {
  private static final Path LINUX = Path.of("/proc/cpuinfo");

  /** The features that the system reports of its first CPU. */
  public static CpuFeatures ofThisMachine() {
    try {
      return parse(Files.readString(LINUX));
    } catch (IOException e) {
      return new CpuFeatures(Set.of());
    }
  }

  /** Reads a text like that of Linux's {@code /proc/cpuinfo}, of x86 or ARM. */
  public static CpuFeatures parse(String cpuinfo) {
    return new CpuFeatures(
        cpuinfo
            .lines()
            .filter(line -> line.startsWith("flags") || line.startsWith("Features"))
            .findFirst()
            .map(line -> line.substring(line.indexOf(':') + 1).strip())
            .map(
                names -> Arrays.stream(names.split("\\s+")).collect(Collectors.toUnmodifiableSet()))
            .orElse(Set.of()));
  }

  /**
   * Returns whether this is an ARM processor of before ARMv8.1, without atomic instructions (LSE).
   */
  public boolean lacksAtomics() {
    return names.contains("asimd") && !names.contains("atomics");
  }

  /** The instructions that multiply numbers in bfloat16, if the CPU has any. */
  public Optional<String> bfloat16() {
    return Stream.of("amx_bf16", "avx512_bf16", "bf16").filter(names::contains).findFirst();
  }
}
