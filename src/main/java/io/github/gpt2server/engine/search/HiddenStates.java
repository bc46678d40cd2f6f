package io.github.gpt2server.engine.search;

import java.util.ArrayList;
import java.util.List;

/** The hidden states of a text's tokens, and how similar another one is to them. */
public final class HiddenStates {
  private final List<float[]> states = new ArrayList<>();
  private final List<Double> norms = new ArrayList<>();

  /** Appends the state of the next token, {@code [width]}. */
  public void add(float[] state) {
    states.add(state);
    norms.add(norm(state));
  }

  /** The largest cosine of a state and those of the text, computed in float64. */
  public double similarity(float[] state) {
    double norm = norm(state);
    double largest = -1;
    for (int i = 0; i < states.size(); i++) {
      largest = Math.max(largest, dot(states.get(i), state) / (norms.get(i) * norm));
    }
    return largest;
  }

  private static double norm(float[] state) {
    return Math.sqrt(dot(state, state));
  }

  private static double dot(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += (double) a[i] * b[i];
    }
    return sum;
  }
}
