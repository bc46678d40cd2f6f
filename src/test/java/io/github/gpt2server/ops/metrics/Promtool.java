package io.github.gpt2server.ops.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Prometheus' own checker. */
public final class Promtool {
  private static final Path TOOL = Path.of("/usr/bin/promtool");

  private Promtool() {}

  /** Skips a test where it is missing, and loudly so. */
  public static final class Installed implements ExecutionCondition {
    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
      if (Files.isExecutable(TOOL)) {
        return ConditionEvaluationResult.enabled("promtool is installed");
      }
      String message =
          "%s is SKIPPED: %s is missing. Install Debian's package 'prometheus'."
              .formatted(context.getDisplayName(), TOOL);
      System.err.println("WARNING: " + message);
      return ConditionEvaluationResult.disabled(message);
    }
  }

  /** Runs it and expects success. */
  public static void run(String... arguments) throws IOException, InterruptedException {
    Result result = runWith("", arguments);
    assertThat(result.exitCode()).as(result.output()).isZero();
  }

  /** An exit code, and everything that was written. */
  public record Result(int exitCode, String output) {}

  /** Runs it with this on its standard input. */
  public static Result runWith(String input, String... arguments)
      throws IOException, InterruptedException {
    Path given = Files.createTempFile("promtool", ".in");
    Path output = Files.createTempFile("promtool", ".out");
    try {
      Files.writeString(given, input);
      Process process =
          new ProcessBuilder(
                  Stream.concat(Stream.of(TOOL.toString()), Stream.of(arguments)).toList())
              .redirectInput(given.toFile())
              .redirectErrorStream(true)
              .redirectOutput(output.toFile())
              .start();
      if (!process.waitFor(60, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new AssertionError("promtool hangs: " + List.of(arguments));
      }
      return new Result(process.exitValue(), Files.readString(output, StandardCharsets.UTF_8));
    } finally {
      Files.delete(given);
      Files.delete(output);
    }
  }
}
