package io.github.gpt2server.drills;

import io.github.gpt2server.drills.SoakDrill.Sample;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;

/** Draws the soak's memory and latency over time, one above the other. */
final class SoakPlot {
  private static final int WIDTH = 640;
  private static final int HEIGHT = 150;
  private static final int LEFT = 60;
  private static final int GAP = 60;
  private static final List<String> COLOURS = List.of("#1f6feb", "#d29922");

  private SoakPlot() {}

  static String svg(List<Sample> samples) {
    return format(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\""
                + " font-family=\"sans-serif\" font-size=\"12\">\n"
                + "<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n",
            LEFT + WIDTH + 30, 2 * (HEIGHT + GAP) + 10)
        + panel(samples, 30, "resident memory, MiB", List.of(Sample::resident))
        + panel(
            samples,
            30 + HEIGHT + GAP,
            "first token, ms: median and 95th percentile of each 10 s",
            List.of(Sample::median, Sample::late))
        + "</svg>\n";
  }

  private static String panel(
      List<Sample> samples, int top, String title, List<ToDoubleFunction<Sample>> lines) {
    final double minutes = samples.get(samples.size() - 1).minute();
    final double most =
        lines.stream().flatMapToDouble(line -> samples.stream().mapToDouble(line)).max().orElse(1);
    final double step = Math.pow(10, Math.floor(Math.log10(Math.max(1, most))));
    final double limit = Math.ceil(most / step) * step;
    final StringBuilder svg = new StringBuilder(text(LEFT, top - 10, "start", title));
    for (int i = 0; i <= 4; i++) {
      final double y = top + HEIGHT - HEIGHT * i / 4.0;
      svg.append(format("<path d=\"M%d %.1fH%d\" stroke=\"#ddd\"/>\n", LEFT, y, LEFT + WIDTH));
      svg.append(text(LEFT - 6, y + 4, "end", format("%.0f", limit * i / 4)));
      svg.append(
          text(
              LEFT + WIDTH * i / 4.0,
              top + HEIGHT + 16,
              "middle",
              format("%.1f min", minutes * i / 4)));
    }
    for (int i = 0; i < lines.size(); i++) {
      final ToDoubleFunction<Sample> line = lines.get(i);
      svg.append(
          format(
              "<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"1.5\" points=\"%s\"/>\n",
              COLOURS.get(i),
              samples.stream()
                  .map(
                      sample ->
                          format(
                              "%.1f,%.1f",
                              LEFT + WIDTH * sample.minute() / minutes,
                              top + HEIGHT - HEIGHT * line.applyAsDouble(sample) / limit))
                  .collect(Collectors.joining(" "))));
    }
    return svg.toString();
  }

  private static String text(double x, double y, String anchor, String text) {
    return format("<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>\n", x, y, anchor, text);
  }

  private static String format(String pattern, Object... values) {
    return String.format(Locale.ROOT, pattern, values);
  }
}
