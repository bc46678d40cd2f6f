package io.github.gpt2server.cli.console;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;

/** Lines of cells for people, the cells of a column below each other. */
public final class Table {
  private static final String GAP = "  ";

  private final List<List<String>> lines = new ArrayList<>();

  /** Begins with the names of the columns. */
  public Table(String... header) {
    add(header);
  }

  /** Adds a line of as many cells. */
  public Table add(String... cells) {
    lines.add(List.of(cells));
    return this;
  }

  /** Prints the lines. */
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
