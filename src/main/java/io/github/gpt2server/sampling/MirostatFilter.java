package io.github.gpt2server.sampling;

/**
 * Mirostat's truncation of one sequence, as llama.cpp computes it: removes the tokens whose
 * surprise exceeds a bound {@code mu}, at first twice the target, which each accepted token moves
 * by the learning rate times its surprise's distance from the target. Not thread-safe.
 */
final class MirostatFilter implements TruncationFilter {

  /** Number of likeliest tokens from which version 1 estimates the exponent of Zipf's law. */
  private static final int ESTIMATED_FROM = 100;

  private static final int NONE = -1;

  private final Mirostat parameters;
  private double mu;
  private int drawn = NONE;
  private double surprise;

  /** Creates the filter of a sequence without tokens. */
  MirostatFilter(Mirostat parameters) {
    this.parameters = parameters;
    this.mu = 2 * parameters.tau();
  }

  @Override
  public void truncate(Candidates candidates) {
    if (parameters.version() == 1) {
      candidates.keepLikeliest(
          count(candidates.likeliest(ESTIMATED_FROM), candidates.vocabulary()));
      return;
    }
    double least = candidates.mass() * StrictMath.pow(2, -mu);
    if (candidates.largestProbability() < least) {
      candidates.keepLikeliest(1);
    } else {
      candidates.keepAtLeast(least);
    }
  }

  @Override
  public Removal removal() {
    return Removal.MIROSTAT;
  }

  /**
   * Version 1's number of tokens to keep.
   *
   * @param likeliest the largest probabilities, largest first
   * @param vocabulary number of tokens, excluded ones included
   */
  private int count(float[] likeliest, int vocabulary) {
    double products = 0;
    double squares = 0;
    // Excluded tokens, of probability 0, follow no law.
    for (int i = 0; i + 1 < likeliest.length && likeliest[i + 1] > 0; i++) {
      double t = StrictMath.log((i + 2) / (double) (i + 1));
      products += t * StrictMath.log(likeliest[i] / (double) likeliest[i + 1]);
      squares += t * t;
    }
    double s = products / squares;
    double epsilon = s - 1;
    double count =
        StrictMath.pow(
            epsilon * StrictMath.pow(2, mu) / (1 - StrictMath.pow(vocabulary, -epsilon)), 1 / s);
    return Math.max(1, (int) count);
  }

  /**
   * Notes the token that was drawn.
   *
   * @param probability its probability among the tokens that were left
   */
  void drawn(int token, double probability) {
    drawn = token;
    surprise = Bits.ofNats(-StrictMath.log(probability));
  }

  /** Moves the bound by the surprise of a token that was drawn here. */
  void accept(int token) {
    if (token == drawn) {
      mu -= parameters.eta() * (surprise - parameters.tau());
    }
    drawn = NONE;
  }
}
