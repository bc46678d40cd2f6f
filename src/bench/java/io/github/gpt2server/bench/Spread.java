package io.github.gpt2server.bench;

import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/** What several rounds measured: the smallest, the median and the largest. */
record Spread(double low, double median, double high) {

  static Spread of(List<Double> values) {
    List<Double> sorted = values.stream().sorted().toList();
    return new Spread(sorted.get(0), sorted.get(sorted.size() / 2), sorted.get(sorted.size() - 1));
  }

  /** Of the ratios of two measurements that were taken in the same rounds. */
  static Spread ofRatios(List<Double> numerators, List<Double> denominators) {
    return of(
        IntStream.range(0, numerators.size())
            .mapToObj(round -> numerators.get(round) / denominators.get(round))
            .toList());
  }

  /** The median, with the range behind it, such as {@code 67.2 (66.0..68.1)}. */
  String text(String format) {
    return String.format(
        Locale.ROOT, format + " (" + format + ".." + format + ")", median, low, high);
  }
}
