package io.github.gpt2server.testing;

import io.github.gpt2server.platform.CpuFeatures;
import io.github.gpt2server.platform.CpuTopology;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Properties;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.platform.launcher.LauncherSession;
import org.junit.platform.launcher.LauncherSessionListener;

/**
 * Prints the machine on which the tests run, once, before the first, because the arithmetic depends
 * on it. The tests also have the locale that the server sets for itself, whatever the machine's is.
 */
public final class TestMachine implements LauncherSessionListener {
  private static final Path CPU_INFO = Path.of("/proc/cpuinfo");
  private static final Path CACHES = Path.of("/sys/devices/system/cpu/cpu0/cache");

  /** Those that libtorch and the kernels choose by, of x86 and of ARM. */
  private static final List<String> INSTRUCTIONS =
      List.of(
          "avx2",
          "f16c",
          "fma",
          "avx512f",
          "avx512bw",
          "avx512_vnni",
          "avx512_bf16",
          "avx512_fp16",
          "avx_vnni",
          "amx_bf16",
          "amx_int8",
          "asimd",
          "asimddp",
          "i8mm",
          "bf16",
          "sve",
          "sve2");

  @Override
  public void launcherSessionOpened(LauncherSession session) {
    Locale.setDefault(Locale.ENGLISH);
    System.out.println(
        describe(
            read(CPU_INFO), caches(CACHES), CpuTopology.ofThisProcess(), System.getenv()::get));
  }

  /** Two lines: the CPU, then system, Java and libtorch. */
  static String describe(
      String cpuInfo, String caches, CpuTopology processors, UnaryOperator<String> variables) {
    CpuFeatures features = CpuFeatures.parse(cpuInfo);
    String instructions =
        INSTRUCTIONS.stream().filter(features.names()::contains).collect(Collectors.joining(" "));
    return "Tests run on %s, %d CPUs of %d cores, %s, %s%n%s %s %s, Java %s, libtorch %s%s"
        .formatted(
            model(cpuInfo),
            processors.count(),
            processors.cores(),
            caches.isEmpty() ? "caches hidden" : "caches " + caches,
            instructions.isEmpty() ? "instruction sets unknown" : instructions,
            System.getProperty("os.name"),
            System.getProperty("os.version"),
            System.getProperty("os.arch"),
            System.getProperty("java.runtime.version"),
            libtorch(),
            Stream.of("ONEDNN_MAX_CPU_ISA", "ATEN_CPU_CAPABILITY", "PYTORCH_LIBRARY_PATH")
                .filter(name -> variables.apply(name) != null)
                .map(name -> ", " + name + "=" + variables.apply(name))
                .collect(Collectors.joining()));
  }

  private static String model(String cpuInfo) {
    return Stream.of("model name", "CPU part")
        .flatMap(key -> cpuInfo.lines().filter(line -> line.startsWith(key)).limit(1))
        .map(line -> line.substring(line.indexOf(':') + 1).strip())
        .findFirst()
        .orElse("an unknown CPU");
  }

  /** Such as {@code L1d 48K, L1i 32K, L2 1024K}; empty where the system does not show them. */
  static String caches(Path folder) {
    if (!Files.isDirectory(folder)) {
      return "";
    }
    try (Stream<Path> caches = Files.list(folder)) {
      return caches
          .filter(cache -> cache.getFileName().toString().startsWith("index"))
          .sorted()
          .map(
              cache ->
                  "L%s%s %s"
                      .formatted(
                          read(cache.resolve("level")).strip(),
                          switch (read(cache.resolve("type")).strip()) {
                            case "Data" -> "d";
                            case "Instruction" -> "i";
                            default -> "";
                          },
                          read(cache.resolve("size")).strip()))
          .collect(Collectors.joining(", "));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      return "";
    }
  }

  /** The version on the class path, without loading it. */
  private static String libtorch() {
    Properties properties = new Properties();
    try (InputStream in = TestMachine.class.getResourceAsStream("/native/lib/pytorch.properties")) {
      if (in != null) {
        properties.load(in);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return Optional.ofNullable(properties.getProperty("version")).orElse("unknown");
  }
}
