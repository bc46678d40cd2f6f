package io.github.gpt2server.deploy;

import com.marcnuri.helm.Helm;
import com.marcnuri.helm.TemplateCommand;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.springframework.util.FileSystemUtils;

/** The chart, rendered by Helm itself, which runs inside the JVM as a native library. */
final class Chart {
  static final Path FOLDER = Path.of("helm", "gpt2-server");
  static final String RELEASE = "demo";
  static final String NAMESPACE = "apps";

  /** The Kubernetes version to render for, because Helm contacts no cluster here. */
  static final String KUBERNETES = "1.34.0";

  private static final Path VALUES = Path.of("src", "test", "resources", "helm");
  private static final String WHY_NOT = whyHelmCannotRun();

  /** The annotation that makes an object a hook; helm-java renders neither hooks nor tests. */
  private static final String HOOK = "helm.sh/hook:";

  /** Its replacement in the rendered copy. */
  static final String RENDERED_HOOK = "rendered-hook";

  private Chart() {}

  /** Skips the test, loudly, where Helm's native library cannot run. */
  static Helm helm() {
    if (WHY_NOT != null) {
      System.err.println("WARNING: the chart's tests are SKIPPED: " + WHY_NOT);
    }
    Assumptions.assumeTrue(WHY_NOT == null, WHY_NOT);
    return new Helm(FOLDER);
  }

  private static String whyHelmCannotRun() {
    try {
      Helm.version().call();
      return null;
    } catch (IllegalStateException | LinkageError e) {
      return "Helm's native library does not run on %s %s: %s"
          .formatted(System.getProperty("os.name"), System.getProperty("os.arch"), e);
    }
  }

  /** The values files that the chart is tried with, each a way to deploy it. */
  static List<Path> variants() {
    try (Stream<Path> files = Files.list(VALUES)) {
      return files.filter(file -> file.toString().endsWith(".yaml")).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The values file of that name. */
  static Path variant(String name) {
    return VALUES.resolve(name + ".yaml");
  }

  /**
   * Renders the chart.
   *
   * @param values YAML, as in a values file
   */
  static Manifests render(String values) {
    return Manifests.parse(text(values));
  }

  /** Renders the chart with a values file. */
  static Manifests render(Path values) {
    return Manifests.parse(command().withValuesFile(values).call());
  }

  /** Helm's message for values that it refuses. */
  static String refusal(String values) {
    try {
      text(values);
    } catch (IllegalStateException e) {
      return e.getMessage();
    }
    throw new AssertionError("Helm took these values:\n" + values);
  }

  private static String text(String values) {
    try {
      Path file = Files.createTempFile("values", ".yaml");
      try {
        return command().withValuesFile(Files.writeString(file, values)).call();
      } finally {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static TemplateCommand command() {
    helm();
    return new Helm(Copy.FOLDER)
        .template()
        .withName(RELEASE)
        .withNamespace(NAMESPACE)
        .withKubeVersion(KUBERNETES);
  }

  /** A copy of the chart in which the test's pod is an object like others. */
  private static final class Copy {
    static final Path FOLDER = make();

    private static Path make() {
      try {
        // One of its own: tests run in several processes at once.
        Path copy = Files.createTempDirectory(Path.of("target"), "rendered-chart");
        FileSystemUtils.copyRecursively(Chart.FOLDER, copy);
        Path test = copy.resolve("templates/tests/completion.yaml");
        Files.writeString(
            copy.resolve("templates/completion-test.yaml"),
            Files.readString(test).replace(HOOK, RENDERED_HOOK + ":"));
        Files.delete(test);
        return copy;
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
