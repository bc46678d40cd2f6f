package io.github.gpt2server.drills;

import io.github.gpt2server.chart.Svg;
import io.github.gpt2server.drills.SoakDrill.Sample;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/** Draws the soak's memory and latency over time, one above the other. */
final class SoakPlot {
  private static final int WIDTH = 640;
  private static final int HEIGHT = 150;
  private static final int LEFT = 60;
  private static final int GAP = 60;
  private static final int MARKS = 4;
  private static final List<String> COLOURS = List.of("#1f6feb", "#d29922");

  private SoakPlot() {}

  static String svg(List<Sample> samples) {
    Svg svg = new Svg(LEFT + WIDTH + 30, 2 * (HEIGHT + GAP) + 10, 12);
    panel(svg, samples, 30, "resident memory, MiB", List.of(Sample::resident));
    panel(
        svg,
        samples,
        30 + HEIGHT + GAP,
        "first token, ms: median and 95th percentile of each 10 s",
        List.of(Sample::median, Sample::late));
    return svg.document();
  }

  private static void panel(
      Svg svg, List<Sample> samples, int top, String title, List<ToDoubleFunction<Sample>> lines) {
    double minutes = samples.get(samples.size() - 1).minute();
    double most =
        lines.stream().flatMapToDouble(line -> samples.stream().mapToDouble(line)).max().orElse(1);
    Svg.Panel panel = svg.panel(title, LEFT, top, WIDTH, HEIGHT, Svg.limit(Math.max(1, most)));
    for (int i = 0; i <= MARKS; i++) {
      double share = (double) i / MARKS;
      panel.label(LEFT + WIDTH * share, String.format(Locale.ROOT, "%.1f min", minutes * share));
    }
    for (int i = 0; i < lines.size(); i++) {
      ToDoubleFunction<Sample> line = lines.get(i);
      panel.line(
          samples.stream()
              .map(sample -> new Svg.Point(sample.minute() / minutes, line.applyAsDouble(sample)))
              .toList(),
          COLOURS.get(i));
    }
  }
}
