package io.github.gpt2server.sampling;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;

/**
 * The definitions of the filters, restated to be plainly right: sort everything, then loop. A
 * distribution is a map from token id to a probability above 0.
 */
final class PlainTruncation {

  private PlainTruncation() {}

  static NavigableMap<Integer, Double> distribution(float[] probabilities) {
    NavigableMap<Integer, Double> distribution = new TreeMap<>();
    for (int i = 0; i < probabilities.length; i++) {
      if (probabilities[i] > 0) {
        distribution.put(i, (double) probabilities[i]);
      }
    }
    return renormalised(distribution);
  }

  static NavigableMap<Integer, Double> topK(NavigableMap<Integer, Double> distribution, int k) {
    List<Integer> likeliestFirst = ranked(distribution);
    return only(distribution, likeliestFirst.subList(0, Math.min(k, likeliestFirst.size())));
  }

  static NavigableMap<Integer, Double> topP(NavigableMap<Integer, Double> distribution, double p) {
    return reaching(distribution, ranked(distribution), p);
  }

  static NavigableMap<Integer, Double> typicalP(
      NavigableMap<Integer, Double> distribution, double p) {
    double entropy = 0;
    for (double probability : distribution.values()) {
      entropy -= probability * Math.log(probability);
    }
    double h = entropy;
    List<Integer> nearestFirst =
        sorted(distribution, token -> (float) Math.abs(-Math.log(distribution.get(token)) - h));
    return reaching(distribution, nearestFirst, p);
  }

  static NavigableMap<Integer, Double> minP(
      NavigableMap<Integer, Double> distribution, double ratio) {
    double max = distribution.values().stream().mapToDouble(x -> x).max().orElseThrow();
    return only(
        distribution,
        distribution.keySet().stream().filter(t -> distribution.get(t) >= ratio * max).toList());
  }

  /** All but the least likely of the tokens of at least a probability are removed. */
  static NavigableMap<Integer, Double> xtc(
      NavigableMap<Integer, Double> distribution, double threshold) {
    List<Integer> left = new ArrayList<>(ranked(distribution));
    List<Integer> top = left.stream().filter(t -> distribution.get(t) >= threshold).toList();
    left.removeAll(top.subList(0, Math.max(0, top.size() - 1)));
    return only(distribution, left);
  }

  /**
   * Mirostat with the bound {@code mu}: version 1 leaves as many tokens as Zipf's law, fitted to
   * the 100 likeliest, has within the bound, version 2 the tokens within it; both at least one.
   */
  static NavigableMap<Integer, Double> mirostat(
      int version, NavigableMap<Integer, Double> distribution, int vocabulary, double mu) {
    if (version == 1) {
      return topK(distribution, Math.max(1, zipf(distribution, vocabulary, mu)));
    }
    List<Integer> left =
        distribution.keySet().stream()
            .filter(token -> -Math.log(distribution.get(token)) / Math.log(2) <= mu)
            .toList();
    return left.isEmpty() ? topK(distribution, 1) : only(distribution, left);
  }

  private static int zipf(NavigableMap<Integer, Double> distribution, int vocabulary, double mu) {
    List<Integer> ranked = ranked(distribution);
    double products = 0;
    double squares = 0;
    for (int i = 0; i < Math.min(99, ranked.size() - 1); i++) {
      double t = Math.log((i + 2.0) / (i + 1.0));
      products +=
          t * Math.log(distribution.get(ranked.get(i)) / distribution.get(ranked.get(i + 1)));
      squares += t * t;
    }
    double s = products / squares;
    double epsilon = s - 1;
    return (int) Math.pow(epsilon * Math.pow(2, mu) / (1 - Math.pow(vocabulary, -epsilon)), 1 / s);
  }

  private static List<Integer> ranked(NavigableMap<Integer, Double> distribution) {
    return sorted(distribution, token -> -distribution.get(token));
  }

  /** All filters that are not neutral, in the documented order. */
  static NavigableMap<Integer, Double> all(float[] probabilities, SamplingParameters parameters) {
    NavigableMap<Integer, Double> left = distribution(probabilities);
    left = parameters.topK() > 0 ? topK(left, parameters.topK()) : left;
    left = parameters.typicalP() < 1 ? typicalP(left, parameters.typicalP()) : left;
    left = parameters.topP() < 1 ? topP(left, parameters.topP()) : left;
    return parameters.minP() > 0 ? minP(left, parameters.minP()) : left;
  }

  /** The first token, by id, at which the cumulative probability exceeds {@code u}. */
  static int draw(NavigableMap<Integer, Double> distribution, double u) {
    double cumulative = 0;
    for (int token : distribution.keySet()) {
      cumulative += distribution.get(token);
      if (cumulative > u) {
        return token;
      }
    }
    return distribution.lastKey();
  }

  private record Scored(int token, double score) {}

  private static List<Integer> sorted(
      NavigableMap<Integer, Double> distribution, ToDoubleFunction<Integer> score) {
    return distribution.keySet().stream()
        .map(token -> new Scored(token, score.applyAsDouble(token)))
        .sorted(Comparator.comparingDouble(Scored::score).thenComparingInt(Scored::token))
        .map(Scored::token)
        .toList();
  }

  private static NavigableMap<Integer, Double> reaching(
      NavigableMap<Integer, Double> distribution, List<Integer> ranked, double p) {
    List<Integer> retained = new ArrayList<>();
    double mass = 0;
    for (int token : ranked) {
      retained.add(token);
      mass += distribution.get(token);
      if (mass >= p) {
        break;
      }
    }
    return only(distribution, retained);
  }

  private static NavigableMap<Integer, Double> only(
      NavigableMap<Integer, Double> distribution, List<Integer> tokens) {
    NavigableMap<Integer, Double> left = new TreeMap<>();
    tokens.forEach(token -> left.put(token, distribution.get(token)));
    return renormalised(left);
  }

  private static NavigableMap<Integer, Double> renormalised(
      NavigableMap<Integer, Double> distribution) {
    double mass = distribution.values().stream().mapToDouble(x -> x).sum();
    distribution.replaceAll((token, probability) -> probability / mass);
    return distribution;
  }
}
