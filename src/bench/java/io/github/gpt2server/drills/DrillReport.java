package io.github.gpt2server.drills;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * The table of what drills did and saw; each has a file for its row, so that they can run apart.
 */
final class DrillReport {
  static final Path FOLDER = Path.of("target/drills");
  private static final String HEAD = "| drill | what was done | what was seen |\n|---|---|---|\n";

  private DrillReport() {}

  /**
   * Puts a row into the table.
   *
   * @param order where the row stands
   */
  static void add(int order, String drill, String done, String seen) throws IOException {
    Files.createDirectories(FOLDER);
    Files.writeString(
        FOLDER.resolve("%02d.row".formatted(order)),
        "| %s | %s | %s |%n".formatted(drill, done, seen));
    StringBuilder table = new StringBuilder(HEAD);
    try (Stream<Path> files = Files.list(FOLDER)) {
      List<Path> rows = files.filter(file -> file.toString().endsWith(".row")).sorted().toList();
      for (Path row : rows) {
        table.append(Files.readString(row));
      }
    }
    Files.writeString(FOLDER.resolve("drills.md"), table);
  }
}
