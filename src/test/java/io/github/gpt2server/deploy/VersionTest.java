package io.github.gpt2server.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The version is written in many files; a release changes all of them. */
class VersionTest {
  private static final String VERSION = "(\\d+\\.\\d+\\.\\d+(?:-SNAPSHOT)?)";

  /** Images, jars and chart archives by name, build arguments, the chart's own fields. */
  private static final Pattern WRITTEN =
      Pattern.compile(
          "(?m)gpt2-server[:-]%s|^ARG VERSION=%s|^version: %s|^appVersion: \"?%s"
              .replace("%s", VERSION));

  private static final Set<String> SKIPPED =
      Set.of(".git", "target", "models", "node_modules", "npm", "golden");

  @Test
  void everyFileNamesTheVersionOfThePom() throws IOException {
    Map<String, Set<String>> versions = new TreeMap<>();
    collect(Path.of("").toAbsolutePath(), versions);

    assertThat(versions)
        .containsKeys(
            "Dockerfile",
            "docker/Dockerfile.cuda",
            "docker/compose.yaml",
            "helm/examples/kserve-inferenceservice.yaml",
            "helm/examples/kserve-llminferenceservice.yaml",
            "helm/gpt2-server/Chart.yaml",
            "helm/gpt2-server/README.md");
    Set<String> expected = Set.of(Project.pom("version"));
    assertThat(versions)
        .allSatisfy((file, written) -> assertThat(written).as(file).isEqualTo(expected));
  }

  private static void collect(Path folder, Map<String, Set<String>> versions) throws IOException {
    try (Stream<Path> entries = Files.list(folder)) {
      for (Path entry : entries.sorted().toList()) {
        if (SKIPPED.contains(entry.getFileName().toString())) {
          continue;
        }
        if (Files.isDirectory(entry)) {
          collect(entry, versions);
        } else if (Files.isRegularFile(entry)) {
          String name = Path.of("").toAbsolutePath().relativize(entry).toString();
          // As Latin-1 any file is text; versions are ASCII.
          String text = Files.readString(entry, StandardCharsets.ISO_8859_1);
          Matcher matcher = WRITTEN.matcher(text);
          while (matcher.find()) {
            for (int group = 1; group <= matcher.groupCount(); group++) {
              if (matcher.group(group) != null) {
                versions
                    .computeIfAbsent(name.replace('\\', '/'), file -> new TreeSet<>())
                    .add(matcher.group(group));
              }
            }
          }
        }
      }
    }
  }
}
