package io.github.gpt2server.sampling;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;

/** The probability with which each token is drawn, and the reason why others cannot be. */
public final class DrawDistribution {

  /** Marks a token that is excluded before the filters. */
  private static final byte EXCLUDED = -1;

  private final float[] probabilities;

  /** For each token the number of filters that it passed, or {@link #EXCLUDED}. */
  private final byte[] passed;

  private final List<Removal> filters;

  private DrawDistribution(float[] probabilities, byte[] passed, List<Removal> filters) {
    this.probabilities = probabilities;
    this.passed = passed;
    this.filters = filters;
  }

  /** The distribution that always gives the same token. */
  static DrawDistribution certain(int token, float[] edited) {
    float[] probabilities = new float[edited.length];
    probabilities[token] = 1;
    return new DrawDistribution(probabilities, notExcluded(edited), List.of());
  }

  /**
   * The distribution after all filters.
   *
   * @param edited {@code [vocab]} logits, in which excluded tokens are negative infinity
   * @param xtc what may act after the filters, or null
   * @param working overwritten
   */
  static DrawDistribution of(
      float[] edited,
      double temperature,
      List<TruncationFilter> filters,
      Xtc xtc,
      Candidates working) {
    byte[] passed = notExcluded(edited);
    working.load(FloatBuffer.wrap(Softmax.rounded(edited, temperature)));
    for (int filter = 0; filter < filters.size(); filter++) {
      filters.get(filter).truncate(working);
      for (int i = 0; i < working.size(); i++) {
        int token = working.id(i);
        if (passed[token] != EXCLUDED) {
          passed[token] = (byte) (filter + 1);
        }
      }
    }
    float[] probabilities = new float[edited.length];
    add(working, 1, probabilities);
    List<Removal> removals =
        new ArrayList<>(filters.stream().map(TruncationFilter::removal).toList());
    if (xtc != null) {
      mix(xtc, working, probabilities);
      if (xtc.probability() == 1) {
        // Only then it is certain that the tokens that it removes are not drawn.
        removals.add(Removal.XTC);
        for (int i = 0; i < working.size(); i++) {
          int token = working.id(i);
          if (passed[token] != EXCLUDED) {
            passed[token]++;
          }
        }
      }
    }
    return new DrawDistribution(probabilities, passed, List.copyOf(removals));
  }

  /**
   * Makes the distribution without XTC that of a draw in which XTC acts by chance.
   *
   * @param working the candidates before XTC, afterwards those that it leaves
   */
  private static void mix(Xtc xtc, Candidates working, float[] probabilities) {
    for (int token = 0; token < probabilities.length; token++) {
      probabilities[token] *= (float) (1 - xtc.probability());
    }
    xtc.truncate(working);
    add(working, xtc.probability(), probabilities);
  }

  /** Adds a share of the candidates' renormalised probabilities. */
  private static void add(Candidates candidates, double share, float[] probabilities) {
    for (int i = 0; i < candidates.size(); i++) {
      probabilities[candidates.id(i)] +=
          (float) (share * candidates.probabilities()[i] / candidates.mass());
    }
  }

  private static byte[] notExcluded(float[] edited) {
    byte[] passed = new byte[edited.length];
    for (int token = 0; token < passed.length; token++) {
      passed[token] = edited[token] == Float.NEGATIVE_INFINITY ? EXCLUDED : 0;
    }
    return passed;
  }

  /** The probability with which a token is drawn, from 0 to 1. */
  public float probability(int token) {
    return probabilities[token];
  }

  /**
   * The first filter that removes a token, by the name of its request field, or {@code xtc}; {@code
   * mask} if the token is excluded before the filters; null if it can be drawn, however unlikely
   * that is.
   */
  public String removedBy(int token) {
    Removal removal = removal(token);
    return removal == null ? null : removal.label();
  }

  /**
   * The {@link #removedBy} of a token as a number: 1 for {@code mask}, 2 for {@code top_k}, 3 for
   * {@code typical_p}, 4 for {@code top_p}, 5 for {@code min_p}, 6 for {@code mirostat}, 7 for
   * {@code xtc}; 0 if it can be drawn.
   */
  public byte removalCode(int token) {
    Removal removal = removal(token);
    return removal == null ? 0 : removal.code();
  }

  private Removal removal(int token) {
    if (passed[token] == EXCLUDED) {
      return Removal.MASK;
    }
    return passed[token] < filters.size() ? filters.get(passed[token]) : null;
  }
}
