package io.github.gpt2server.documents;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A document in Markdown, as far as tests need it.
 *
 * @param file where it is
 * @param lines its text outside of code blocks
 * @param blocks its code blocks, without the fences
 */
record Markdown(Path file, List<String> lines, List<Block> blocks) {
  private static final Pattern LINK = Pattern.compile("]\\(([^()\\s]+)\\)");
  private static final Pattern CODE = Pattern.compile("`[^`]*`");
  private static final Pattern HEADING = Pattern.compile("#{1,6} (.+)");
  private static final Pattern NOT_IN_ANCHORS = Pattern.compile("[^\\p{L}\\p{N} _-]");

  /** A code block and the language after its opening fence, which may be empty. */
  record Block(String language, String text) {}

  static Markdown read(Path file) throws IOException {
    List<String> lines = new ArrayList<>();
    List<Block> blocks = new ArrayList<>();
    String language = null;
    List<String> block = new ArrayList<>();
    for (String line : Files.readAllLines(file)) {
      String content = line.strip();
      if (!content.startsWith("```")) {
        (language == null ? lines : block).add(line);
      } else if (language == null) {
        language = content.substring(3);
      } else {
        blocks.add(new Block(language, String.join("\n", block)));
        language = null;
        block.clear();
      }
    }
    if (language != null) {
      throw new IllegalStateException(file + " has a code block without an end");
    }
    return new Markdown(file, lines, blocks);
  }

  /** The project's documents, without what is built or installed below the folder. */
  static List<Path> all(Path folder) throws IOException {
    try (Stream<Path> children = Files.list(folder)) {
      List<Path> found = new ArrayList<>();
      for (Path child : children.sorted().toList()) {
        String name = child.getFileName().toString();
        if (Files.isDirectory(child)) {
          if (!name.startsWith(".") && !name.equals("target") && !name.equals("node_modules")) {
            found.addAll(all(child));
          }
        } else if (name.endsWith(".md")) {
          found.add(child);
        }
      }
      return found;
    }
  }

  /** The targets of its links and images. */
  List<String> links() {
    return lines.stream()
        .flatMap(line -> LINK.matcher(CODE.matcher(line).replaceAll("")).results())
        .map(match -> match.group(1))
        .toList();
  }

  /** The anchors of its headings, as GitHub makes them. */
  Set<String> anchors() {
    Set<String> anchors = new LinkedHashSet<>();
    for (String line : lines) {
      var heading = HEADING.matcher(line);
      if (heading.matches()) {
        String anchor =
            NOT_IN_ANCHORS
                .matcher(heading.group(1).toLowerCase(Locale.ROOT))
                .replaceAll("")
                .replace(' ', '-');
        String unique = anchor;
        for (int i = 1; !anchors.add(unique); i++) {
          unique = anchor + "-" + i;
        }
      }
    }
    return anchors;
  }
}
