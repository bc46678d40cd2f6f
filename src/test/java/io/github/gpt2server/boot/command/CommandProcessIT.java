package io.github.gpt2server.boot.command;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.Gpt2ServerApplication;
import io.github.gpt2server.testing.OneCore;
import io.github.gpt2server.testing.ThreadAgent;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.json.JsonMapper;

/** Commands as processes: what is on which stream, exit codes, an early end. */
@OneCore
class CommandProcessIT {
  private static final Path VALIDATION =
      Path.of("src/test/resources/golden/validation.txt").toAbsolutePath();

  @TempDir private Path streams;
  @TempDir private Path directory;
  private List<String> options = List.of();
  private Path standardOutput;

  @Test
  void standardOutputHasTheResultAlone() throws Exception {
    Files.writeString(directory.resolve("application.yaml"), "gpt2.dtype: bfloat16");
    Files.writeString(directory.resolve("a.txt"), "Once upon a time, there was a king.");

    // Logs at debug level go to standard error.
    Process process = start("evaluate", "a.txt", "--json", "--debug");

    assertThat(exitCode(process)).as(err()).isZero();
    assertThat(out().lines()).hasSize(1);
    assertThat(JsonMapper.shared().readTree(out()).get("dtype").stringValue())
        .isEqualTo("bfloat16");
    assertThat(err()).contains("DEBUG");
  }

  @Test
  void anUnknownCommandIsExitCodeTwo() throws Exception {
    assertThat(exitCode(start("serve"))).isEqualTo(2);
    assertThat(err().lines())
        .containsExactly(
            "serve is not a command: use evaluate, verify, download or models, or none to start the server.");
    assertThat(out()).isEmpty();
  }

  @Test
  void anOptionOfAnotherServerIsExitCodeTwo() throws Exception {
    assertThat(exitCode(start("--model=/models/gpt2", "--server.port=0"))).isEqualTo(2);
    assertThat(err().lines())
        .containsExactly("--model is not an option: did you mean --gpt2.model?");
    assertThat(out()).isEmpty();
  }

  @Test
  void saysItsVersion() throws Exception {
    assertThat(exitCode(start("--version"))).isZero();
    assertThat(out()).matches("gpt2-server \\d+\\.\\d+\\.\\d+\\S*\n");
    assertThat(err()).isEmpty();
  }

  @Test
  void aResultThatCannotBeWrittenIsExitCodeOne() throws Exception {
    Path full = Path.of("/dev/full");
    Assumptions.assumeTrue(Files.exists(full), "There is no /dev/full here.");
    standardOutput = full;

    assertThat(exitCode(start("--version"))).isEqualTo(1);
    assertThat(err().lines())
        .containsExactly("The result could not be written to standard output.");
  }

  /** Arabic and Devanagari have digits of their own. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "-Duser.language=ar -Duser.country=EG",
        "-Duser.language=hi -Duser.country=IN -Duser.extensions=u-nu-deva"
      })
  void writesNumbersAlikeInEveryLocale(String locale) throws Exception {
    Files.writeString(directory.resolve("a.txt"), "Once upon a time.");
    options = List.of(locale.split(" "));

    assertThat(exitCode(start("evaluate", "a.txt", "--stride", "9999"))).isEqualTo(2);

    assertThat(err().lines())
        .containsExactly(
            "--stride must be from 1 to 511, one less than the model's context, but is 9999; see"
                + " evaluate --help.");
  }

  /** Before Spring, while the model loads, in the middle of a step: whenever that is. */
  @ParameterizedTest
  @ValueSource(ints = {300, 1200, 2000, 3000, 4000})
  void sigtermEndsItCleanly(int milliseconds) throws Exception {
    // More than a minute's work.
    Files.writeString(directory.resolve("long.txt"), Files.readString(VALIDATION).repeat(10));
    Process process = start("evaluate", "long.txt");
    Thread.sleep(milliseconds);

    process.destroy();

    assertThat(exitCode(process)).isEqualTo(143);
    assertThat(out()).isEmpty();
    // What Java since 24 says of a signal that comes before its modules are there.
    assertThat(err().replaceFirst("Runtime\\.exit\\(143\\) logging failed: .*\\R", "")).isEmpty();
    try (Stream<Path> left = Files.list(directory)) {
      assertThat(left).containsExactly(directory.resolve("long.txt"));
    }
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void aThreadThatGetsNoMemoryIsExitCodeThree() throws Exception {
    Files.writeString(directory.resolve("long.txt"), Files.readString(VALIDATION).repeat(10));
    Process process = start("evaluate", "long.txt");
    awaitMapped(process, "libtorch");

    ThreadAgent.starve(streams, process.pid(), "some-timer");

    assertThat(exitCode(process)).isEqualTo(3);
    assertThat(err().lines().filter(line -> !line.matches("(WARNING|OpenJDK.*).*")))
        .containsExactly(
            "Java is out of memory in the thread some-timer: the command ends with exit code 3."
                + " Give it more memory, with -Xmx or a larger container.");
    assertThat(out()).isEmpty();
  }

  private static void awaitMapped(Process process, String library) throws Exception {
    Path maps = Path.of("/proc/" + process.pid() + "/maps");
    while (!Files.readString(maps).contains(library)) {
      assertThat(process.isAlive()).isTrue();
      Thread.sleep(5);
    }
  }

  private Process start(String... arguments) throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx512m",
                "-XX:TieredStopAtLevel=1",
                // As the manifest of the packaged server says; without it Java 24 and later warn.
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                classPath()));
    command.addAll(options);
    command.add(Gpt2ServerApplication.class.getName());
    command.addAll(List.of(arguments));
    return new ProcessBuilder(command)
        .directory(directory.toFile())
        .redirectOutput((standardOutput == null ? streams.resolve("out") : standardOutput).toFile())
        .redirectError(streams.resolve("err").toFile())
        .start();
  }

  private static int exitCode(Process process) throws InterruptedException {
    try {
      assertThat(process.waitFor(120, TimeUnit.SECONDS)).isTrue();
      return process.exitValue();
    } finally {
      process.destroyForcibly();
    }
  }

  private String out() throws IOException {
    return Files.readString(streams.resolve("out"));
  }

  private String err() throws IOException {
    return Files.readString(streams.resolve("err"));
  }

  /** Without the test classes, whose configurations the application would find and take. */
  private static String classPath() {
    String all =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    return Arrays.stream(all.split(File.pathSeparator))
        .filter(entry -> !entry.endsWith("test-classes"))
        .collect(Collectors.joining(File.pathSeparator));
  }
}
