package io.github.gpt2server.cli.console;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;

/** A text table with aligned columns. */
public final class Table {
  private static final String GAP = "  ";

  private final List<List<String>> lines = new ArrayList<>();

  /** Creates a table with these column headings. */
  public Table(String... header) {
    add(header);
  }

  /** Adds a line with one cell for each column. */
  public Table add(String... cells) {
    lines.add(List.of(cells));
    return this;
  }

  public void print(PrintStream out) {
    int columns = lines.get(0).size();
    int[] widths = new int[columns];
    for (List<String> line : lines) {
      for (int i = 0; i < columns; i++) {
        widths[i] = Math.max(widths[i], line.get(i).length());
      }
    }
    for (List<String> line : lines) {
      StringBuilder text = new StringBuilder();
      for (int i = 0; i < columns; i++) {
        text.append(line.get(i)).append(" ".repeat(widths[i] - line.get(i).length())).append(GAP);
      }
      out.println(text.toString().stripTrailing());
    }
  }
}
