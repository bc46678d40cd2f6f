package io.github.gpt2server.deploy;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.comments.CommentLine;
import org.yaml.snakeyaml.comments.CommentType;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;

/** The chart's README: written by hand, except for the table of values, which values.yaml gives. */
final class ChartReadme {
  private static final String BEGIN =
      "<!-- The table is made from values.yaml: mvn test -Dtest=ValuesTest -Dchart.readme=write -->\n";
  private static final String END = "<!-- End of the table -->\n";
  private static final Gson JSON = new GsonBuilder().disableHtmlEscaping().create();

  private final Path folder;

  ChartReadme(Path folder) {
    this.folder = folder;
  }

  Path file() {
    return folder.resolve("README.md");
  }

  void write() throws IOException {
    Files.writeString(file(), text());
  }

  /** The file with its table replaced by that of values.yaml. */
  String text() throws IOException {
    String now = Files.readString(file());
    int begin = now.indexOf(BEGIN);
    int end = now.indexOf(END);
    if (begin < 0 || end < begin) {
      throw new IllegalStateException(file() + " lacks the lines around the table: " + BEGIN + END);
    }
    return now.substring(0, begin + BEGIN.length()) + table() + now.substring(end);
  }

  private String table() throws IOException {
    String text = Files.readString(folder.resolve("values.yaml"));
    LoaderOptions options = new LoaderOptions();
    options.setProcessComments(true);
    StringBuilder rows = new StringBuilder("\n| value | default | meaning |\n|---|---|---|\n");
    MappingNode root = (MappingNode) new Yaml(options).compose(new StringReader(text));
    addRows("", root, Yamls.read(text), rows);
    return rows.append('\n').toString();
  }

  private static void addRows(
      String path, MappingNode node, Map<String, Object> values, StringBuilder rows) {
    for (NodeTuple tuple : node.getValue()) {
      String key = ((ScalarNode) tuple.getKeyNode()).getValue();
      String comment = comment(tuple.getKeyNode());
      if (isSection(tuple.getValueNode(), comment)) {
        addRows(
            path + key + ".", (MappingNode) tuple.getValueNode(), Yamls.map(values.get(key)), rows);
      } else if (comment.isEmpty()) {
        throw new IllegalStateException("values.yaml says nothing about " + path + key);
      } else {
        rows.append(
            "| `%s%s` | `%s` | %s |\n"
                .formatted(path, key, JSON.toJson(values.get(key)), comment.replace("|", "\\|")));
      }
    }
  }

  /** A map without a comment of its own is a group of values. */
  private static boolean isSection(Node node, String comment) {
    return comment.isEmpty() && node instanceof MappingNode map && !map.getValue().isEmpty();
  }

  /** The lines right above a key; those above an empty line speak of something else. */
  private static String comment(Node key) {
    List<CommentLine> lines = key.getBlockComments() == null ? List.of() : key.getBlockComments();
    int first = lines.size();
    while (first > 0 && lines.get(first - 1).getCommentType() == CommentType.BLOCK) {
      first--;
    }
    return lines.subList(first, lines.size()).stream()
        .map(line -> line.getValue().strip())
        .collect(Collectors.joining(" "));
  }
}
