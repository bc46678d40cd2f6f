package io.github.gpt2server.bench;

import io.github.gpt2server.bench.Measurement.Decoding;
import io.github.gpt2server.bench.Measurement.Result;
import io.github.gpt2server.chart.Svg;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * Draws a column of bar charts for each type of weights, by the number of streams: tokens a second,
 * time to the first token, gaps between tokens. A thin line shows the smallest and the largest.
 */
final class SpeedChart {
  private static final int WIDTH = 270;
  private static final int HEIGHT = 150;
  private static final int LEFT = 48;
  private static final int COLUMN = LEFT + WIDTH + 12;
  private static final int ROW = HEIGHT + 84;
  private static final List<String> COLOURS = List.of("#8c959f", "#1f6feb", "#d29922", "#cf5b2e");

  /** Bars of one colour. */
  private record Series(String name, String colour, List<Spread> bars) {}

  private SpeedChart() {}

  static String svg(List<Result> results) {
    Svg svg = new Svg(COLUMN * results.size(), ROW * 3, 10);
    List<List<Series>> speeds = results.stream().map(SpeedChart::speeds).toList();
    List<List<Series>> first =
        rows(results, decoding -> List.of(decoding.firstToken()), List.of("through HTTP"));
    List<List<Series>> gaps =
        rows(
            results,
            decoding -> List.of(decoding.gap(0.5), decoding.gap(0.99)),
            List.of("median", "p99"));
    row(svg, 0, results, "tokens a second", speeds);
    row(svg, 1, results, "time to first token, ms", first);
    row(svg, 2, results, "gap between tokens, ms", gaps);
    return svg.document();
  }

  private static List<Series> speeds(Result result) {
    List<Series> series = new ArrayList<>();
    series.add(
        series(result, "bare step", COLOURS.get(0), decoding -> Spread.of(decoding.steps())));
    series.add(
        series(result, "through HTTP", COLOURS.get(1), decoding -> Spread.of(decoding.http())));
    int colour = 2;
    for (Peer peer : result.distinctPeers()) {
      series.add(
          series(
              result,
              peer.label(),
              COLOURS.get(colour++),
              decoding -> Spread.of(decoding.others().get(result.best(peer, decoding.others())))));
    }
    return series;
  }

  private static Series series(
      Result result, String name, String colour, Function<Decoding, Spread> bar) {
    return new Series(name, colour, result.decodings().stream().map(bar).toList());
  }

  private static List<List<Series>> rows(
      List<Result> results, Function<Decoding, List<Spread>> bars, List<String> names) {
    List<List<Series>> rows = new ArrayList<>();
    for (Result result : results) {
      List<Series> row = new ArrayList<>();
      for (int i = 0; i < names.size(); i++) {
        int index = i;
        row.add(
            series(
                result,
                names.get(i),
                COLOURS.get(i + 1),
                decoding -> bars.apply(decoding).get(index)));
      }
      rows.add(row);
    }
    return rows;
  }

  /** Charts side by side, with one scale for all. */
  private static void row(
      Svg svg, int row, List<Result> results, String title, List<List<Series>> columns) {
    double most =
        columns.stream()
            .flatMap(List::stream)
            .flatMap(series -> series.bars().stream())
            .mapToDouble(Spread::high)
            .max()
            .orElse(1);
    double limit = Svg.limit(most);
    for (int i = 0; i < columns.size(); i++) {
      Result result = results.get(i);
      panel(
          svg,
          i * COLUMN + LEFT,
          row * ROW + 30,
          result.type().label() + ": " + title + ", by streams",
          result.decodings().stream().map(decoding -> String.valueOf(decoding.streams())).toList(),
          columns.get(i),
          limit);
    }
  }

  private static void panel(
      Svg svg,
      int left,
      int top,
      String title,
      List<String> groups,
      List<Series> series,
      double limit) {
    Svg.Panel panel = svg.panel(title, left, top, WIDTH, HEIGHT, limit);
    double group = (double) WIDTH / groups.size();
    double bar = group * 0.8 / series.size();
    for (int i = 0; i < groups.size(); i++) {
      panel.label(left + group * (i + 0.5), groups.get(i));
      for (int j = 0; j < series.size(); j++) {
        Spread spread = series.get(j).bars().get(i);
        double x = left + group * (i + 0.1) + bar * j;
        panel.bar(x, bar - 1, spread.median(), series.get(j).colour());
        panel.range(x + (bar - 1) / 2, spread.low(), spread.high());
      }
    }
    double x = left;
    for (Series entry : series) {
      svg.rectangle(x, panel.bottom() + 24, 9, 9, entry.colour());
      svg.text(x + 12, panel.bottom() + 33, Svg.Anchor.START, entry.name());
      x += 18 + 5.8 * entry.name().length();
    }
  }
}
