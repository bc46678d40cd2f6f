package io.github.gpt2server.documents;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The examples of docs/clients.md are those that tests run. */
class SnippetsTest {
  private static final Pattern REGION =
      Pattern.compile("(?ms)^ *// snippet: (\\S+)\\n(.*?)^ *// end$");
  private static final Pattern SHOWN =
      Pattern.compile("(?ms)^<!-- snippet: (\\S+) -->\\n```\\w+\\n(.*?)^```$");
  private static final Pattern FENCE = Pattern.compile("(?m)^```(\\w+)$");

  @Test
  void thePageShowsWhatTestsRun() throws IOException {
    Map<String, String> run = new TreeMap<>();
    for (Path source : sources()) {
      find(REGION, Files.readString(source))
          .forEach((name, code) -> assertThat(run.put(name, code)).as(name).isNull());
    }

    assertThat(find(SHOWN, page())).isEqualTo(run).hasSizeGreaterThan(7);
  }

  /** Commands are run by {@link ShownRequestsIT}, and coordinates run nothing. */
  @Test
  void noOtherCodeIsShown() throws IOException {
    Matcher fences = FENCE.matcher(page());
    int snippets = find(SHOWN, page()).size();

    assertThat(fences.results().map(fence -> fence.group(1)))
        .filteredOn(language -> !language.equals("bash"))
        .hasSize(snippets);
  }

  private static String page() throws IOException {
    return Files.readString(Path.of("docs/clients.md"));
  }

  private static Iterable<Path> sources() throws IOException {
    try (Stream<Path> java = Files.list(Path.of("src/test/java/io/github/gpt2server/clients"))) {
      return Stream.concat(java, Stream.of(Path.of("src/test/npm/clients/snippets.mjs"))).toList();
    }
  }

  private static Map<String, String> find(Pattern pattern, String text) {
    Map<String, String> found = new TreeMap<>();
    Matcher matcher = pattern.matcher(text.replace("\r\n", "\n"));
    while (matcher.find()) {
      found.put(matcher.group(1), matcher.group(2).stripTrailing().stripIndent());
    }
    return found;
  }
}
