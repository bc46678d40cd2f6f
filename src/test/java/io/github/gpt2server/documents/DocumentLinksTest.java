package io.github.gpt2server.documents;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Links within the project lead to files and headings that exist. */
class DocumentLinksTest {
  private static final Path PROJECT = Path.of("").toAbsolutePath();

  static Stream<Path> documents() throws IOException {
    return Markdown.all(PROJECT).stream().map(PROJECT::relativize);
  }

  @ParameterizedTest
  @MethodSource("documents")
  void linksLeadSomewhere(Path document) throws IOException {
    Markdown markdown = Markdown.read(PROJECT.resolve(document));
    List<String> broken = new ArrayList<>();
    for (String link : markdown.links()) {
      if (!link.matches("[a-z]+:.*") && !exists(markdown, link)) {
        broken.add(link);
      }
    }
    assertThat(broken).as("broken links of %s", document).isEmpty();
  }

  private static boolean exists(Markdown from, String link) throws IOException {
    int hash = link.indexOf('#');
    String path = hash < 0 ? link : link.substring(0, hash);
    Path target = path.isEmpty() ? from.file() : from.file().resolveSibling(path).normalize();
    return Files.exists(target)
        && (hash < 0 || Markdown.read(target).anchors().contains(link.substring(hash + 1)));
  }

  @Test
  void everyPageOfDocsIsReachableFromTheReadme() throws IOException {
    Set<Path> reached = new HashSet<>();
    follow(PROJECT.resolve("README.md"), reached);
    try (Stream<Path> pages = Files.list(PROJECT.resolve("docs"))) {
      assertThat(pages.filter(page -> page.toString().endsWith(".md")))
          .hasSizeGreaterThan(10)
          .allSatisfy(page -> assertThat(reached).contains(page));
    }
  }

  private static void follow(Path document, Set<Path> reached) throws IOException {
    if (!reached.add(document)) {
      return;
    }
    for (String link : Markdown.read(document).links()) {
      Path target = document.resolveSibling(link.replaceFirst("#.*", "")).normalize();
      if (target.toString().endsWith(".md")) {
        follow(target, reached);
      }
    }
  }
}
