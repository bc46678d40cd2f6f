package io.github.gpt2server.testing;

import java.io.IOException;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.platform.commons.support.AnnotationSupport;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A program on Node.js: a script, or the command of an npm package, of a folder under {@code
 * src/test/npm}. {@code .ci/install-test-packages} installs the packages of each folder.
 */
public final class NodeProgram {
  private static final Path FOLDERS = Path.of("src/test/npm");
  private static final int MAJOR = 20;
  private static final int MINOR = 19;
  private static final int PATIENCE_SECONDS = 120;

  private final Path folder;
  private final List<String> command = new ArrayList<>();

  private NodeProgram(Path folder, Path program) {
    this.folder = folder;
    command.add("node");
    command.add(program.toString());
  }

  /** Skips tests where Node.js or the npm packages of a folder are missing, and loudly so. */
  @Target({ElementType.TYPE, ElementType.METHOD})
  @Retention(RetentionPolicy.RUNTIME)
  @ExtendWith(Installed.class)
  public @interface Needed {
    /** The folder's name under {@code src/test/npm}. */
    String value();
  }

  /** An exit code, and everything that was written. */
  public record Result(int exitCode, String output) {}

  /** A script of a folder. */
  public static NodeProgram script(String folder, String script) {
    Path place = FOLDERS.resolve(folder).toAbsolutePath();
    return new NodeProgram(place, place.resolve(script));
  }

  /** The command that an npm package has under this name. */
  public static NodeProgram command(String folder, String npmPackage, String name) {
    Path place = FOLDERS.resolve(folder).toAbsolutePath();
    Path home = place.resolve("node_modules").resolve(npmPackage);
    JsonNode bin = JsonMapper.shared().readTree(home.resolve("package.json")).get("bin");
    String program = bin.isString() ? bin.stringValue() : bin.get(name).stringValue();
    return new NodeProgram(place, home.resolve(program));
  }

  /** Runs it in its folder. */
  public Result run(String... arguments) throws IOException, InterruptedException {
    return run(Map.of(), arguments);
  }

  /** Runs it in its folder, with these environment variables besides those that are set. */
  public Result run(Map<String, String> environment, String... arguments)
      throws IOException, InterruptedException {
    Path output = Files.createTempFile("node", ".out");
    try {
      ProcessBuilder builder =
          new ProcessBuilder(command)
              .directory(folder.toFile())
              .redirectErrorStream(true)
              .redirectOutput(output.toFile());
      builder.command().addAll(List.of(arguments));
      builder.environment().putAll(environment);
      // Linters that colour what they write would be read with escape sequences in it.
      builder.environment().put("NO_COLOR", "1");
      Process process = builder.start();
      if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new AssertionError(
            "%s did not end in %d s: %s"
                .formatted(builder.command(), PATIENCE_SECONDS, Files.readString(output)));
      }
      return new Result(process.exitValue(), Files.readString(output));
    } finally {
      Files.delete(output);
    }
  }

  /** Looks for Node.js and the packages. */
  static final class Installed implements ExecutionCondition {
    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
      String missing =
          AnnotationSupport.findAnnotation(context.getElement(), Needed.class)
              .map(needed -> missing(needed.value()))
              .orElse("");
      if (missing.isEmpty()) {
        return ConditionEvaluationResult.enabled("Node.js and the packages are installed");
      }
      String message = "%s is SKIPPED: %s".formatted(context.getDisplayName(), missing);
      System.err.println("WARNING: " + message);
      return ConditionEvaluationResult.disabled(message);
    }
  }

  /** A sentence about a missing part; empty if nothing is missing. */
  private static String missing(String folder) {
    String version = version();
    if (version.isEmpty()) {
      return "there is no node on the PATH. Install Node.js %d.%d or later."
          .formatted(MAJOR, MINOR);
    }
    int[] numbers = Arrays.stream(version.split("\\.")).mapToInt(Integer::parseInt).toArray();
    if (numbers[0] < MAJOR || (numbers[0] == MAJOR && numbers[1] < MINOR)) {
      return "Node.js is %s. Install %d.%d or later.".formatted(version, MAJOR, MINOR);
    }
    Path place = FOLDERS.resolve(folder);
    JsonNode wanted = JsonMapper.shared().readTree(place.resolve("package.json"));
    String absent =
        List.of("dependencies", "devDependencies").stream()
            .flatMap(kind -> wanted.path(kind).properties().stream())
            .filter(
                dependency ->
                    !installed(place, dependency.getKey(), dependency.getValue().stringValue()))
            .map(dependency -> dependency.getKey() + " " + dependency.getValue().stringValue())
            .collect(Collectors.joining(", "));
    return absent.isEmpty() ? "" : "missing: %s. Run npm ci in %s.".formatted(absent, place);
  }

  private static boolean installed(Path place, String npmPackage, String version) {
    Path description = place.resolve("node_modules").resolve(npmPackage).resolve("package.json");
    return Files.exists(description)
        && JsonMapper.shared().readTree(description).get("version").stringValue().equals(version);
  }

  /** Such as 20.19.0; empty where there is no Node.js. */
  private static String version() {
    try {
      Process process = new ProcessBuilder("node", "-p", "process.versions.node").start();
      return new String(process.getInputStream().readAllBytes(), StandardCharsets.US_ASCII).strip();
    } catch (IOException e) {
      return "";
    }
  }
}
