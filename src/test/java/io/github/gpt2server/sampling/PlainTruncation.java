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
    List<Integer> likeliestFirst = sorted(distribution, token -> -distribution.get(token));
    return only(distribution, likeliestFirst.subList(0, Math.min(k, likeliestFirst.size())));
  }

  static NavigableMap<Integer, Double> topP(NavigableMap<Integer, Double> distribution, double p) {
    return reaching(distribution, sorted(distribution, token -> -distribution.get(token)), p);
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
