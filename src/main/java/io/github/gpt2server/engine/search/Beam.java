package io.github.gpt2server.engine.search;

import io.github.gpt2server.engine.result.TokenLogprobs;
import java.util.List;

/**
 * The tokens generated in one beam: a token after an earlier beam. Beams share their beginnings.
 * Immutable, compared by identity.
 */
public final class Beam {
  /** The beginning of a search: no token. */
  public static final Beam START = new Beam(null, -1, null, 0, 0);

  private final Beam before;
  private final int token;
  private final TokenLogprobs logprobs;
  private final int length;
  private final double sum;

  private Beam(Beam before, int token, TokenLogprobs logprobs, int length, double sum) {
    this.before = before;
    this.token = token;
    this.logprobs = logprobs;
    this.length = length;
    this.sum = sum;
  }

  /**
   * This beam and one more token.
   *
   * @param nextLogprobs the log-probabilities to report at it, by the model
   * @param edited its log-probability after the request's edits
   */
  Beam then(int next, TokenLogprobs nextLogprobs, double edited) {
    return new Beam(this, next, nextLogprobs, length + 1, sum + edited);
  }

  /** The beam without its last token. */
  public Beam before() {
    return before;
  }

  /** The last token. */
  public int token() {
    return token;
  }

  /** The log-probabilities to report at the last token. */
  public TokenLogprobs logprobs() {
    return logprobs;
  }

  /** Number of tokens. */
  public int length() {
    return length;
  }

  /** The sum of the tokens' log-probabilities after the request's edits, in nats. */
  double sum() {
    return sum;
  }

  /** The beams that end with each of the tokens, in order. */
  public List<Beam> path() {
    return path(0);
  }

  /** The beams that end with each of the tokens but the first {@code from}, in order. */
  List<Beam> path(int from) {
    Beam[] path = new Beam[length - from];
    for (Beam beam = this; beam.length > from; beam = beam.before) {
      path[beam.length - from - 1] = beam;
    }
    return List.of(path);
  }

  /** Number of leading tokens that two beams share. */
  public int shared(Beam other) {
    Beam a = this;
    Beam b = other;
    while (a != b) {
      if (a.length >= b.length) {
        a = a.before;
      } else {
        b = b.before;
      }
    }
    return a.length;
  }
}
