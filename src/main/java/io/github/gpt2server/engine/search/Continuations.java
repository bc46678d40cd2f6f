package io.github.gpt2server.engine.search;

import io.github.gpt2server.engine.result.InvalidModelOutputException;
import io.github.gpt2server.engine.result.Logprobs;
import io.github.gpt2server.engine.result.TokenLogprobs;
import io.github.gpt2server.sampling.LogitEdits;
import io.github.gpt2server.sampling.LogitRanking;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.stream.IntStream;

/** The tokens that may follow a beam. What is reported of them is the model's own. */
public final class Continuations {
  /**
   * The change of the sum of all exponentials, as a factor, beyond which rounding of the model's
   * own sum would show.
   */
  private static final double LARGEST_CHANGE = 8;

  private final Beam beam;
  private final FloatBuffer logits;
  private final float logSumExp;
  private final LogitEdits edits;
  private final float[] edited;

  /** Null until a continuation is made. */
  private TokenLogprobs common;

  /**
   * Reads a row of logits.
   *
   * @param logits {@code [vocab]} unedited logits after the beam; only read
   * @param logSumExp their normaliser
   * @param edits the edits of the beam's search
   * @param memory {@code [vocab]}, overwritten
   */
  public Continuations(
      Beam beam, FloatBuffer logits, float logSumExp, BeamEdits edits, float[] memory) {
    if (!Float.isFinite(logSumExp)) {
      throw new InvalidModelOutputException("the row of logits holds NaN or infinity");
    }
    this.beam = beam;
    this.logits = logits;
    this.logSumExp = logSumExp;
    this.edits = edits.after(beam);
    this.edited = memory;
  }

  /**
   * The likeliest continuations as beam search ranks them, likeliest first: the edits apply to
   * log-probabilities, and nothing is normalised after them.
   *
   * @param wanted log-probabilities to report
   * @param count largest number of continuations
   */
  public List<Beam> likeliest(Logprobs wanted, int count) {
    logits.get(0, edited);
    for (int token = 0; token < edited.length; token++) {
      edited[token] -= logSumExp;
    }
    edits.process(FloatBuffer.wrap(edited));
    return ranked(count).mapToObj(token -> then(token, wanted, edited[token])).toList();
  }

  /**
   * The likeliest continuations as contrastive search ranks them: the edits apply to logits, of
   * which a softmax makes probabilities.
   *
   * @param wanted log-probabilities to report
   * @param count largest number of continuations
   * @throws io.github.gpt2server.sampling.ExcludedTokensException if there is none
   */
  public List<Candidate> candidates(Logprobs wanted, int count) {
    logits.get(0, edited);
    double normaliser = logSumExp;
    if (edits.edits()) {
      edits.process(FloatBuffer.wrap(edited));
      edits.requireToken(FloatBuffer.wrap(edited));
      normaliser = editedLogSumExp();
    }
    double sum = normaliser;
    return ranked(count)
        .mapToObj(
            token ->
                new Candidate(
                    then(token, wanted, edited[token] - sum), StrictMath.exp(edited[token] - sum)))
        .toList();
  }

  private IntStream ranked(int count) {
    return IntStream.of(LogitRanking.likeliest(edited, count))
        .takeWhile(token -> edited[token] != Float.NEGATIVE_INFINITY);
  }

  private Beam then(int token, Logprobs wanted, double score) {
    if (common == null) {
      // What is reported beside the token is the same for all.
      common = TokenLogprobs.of(wanted, logits, token, logSumExp);
    }
    float logprob = logits.get(token) - logSumExp;
    return beam.then(token, new TokenLogprobs(logprob, common.top(), common.others()), score);
  }

  /** The logarithm of the sum of the exponentials of the edited logits, in the cheaper way. */
  private double editedLogSumExp() {
    int changed = 0;
    int left = 0;
    float largest = Float.NEGATIVE_INFINITY;
    for (int token = 0; token < edited.length; token++) {
      changed += edited[token] == logits.get(token) ? 0 : 1;
      left += edited[token] == Float.NEGATIVE_INFINITY ? 0 : 1;
      largest = Math.max(largest, edited[token]);
    }
    if (changed < left) {
      double change = change();
      if (change > 1 / LARGEST_CHANGE && change < LARGEST_CHANGE) {
        return logSumExp + StrictMath.log(change);
      }
    }
    double sum = 0;
    for (float logit : edited) {
      if (logit != Float.NEGATIVE_INFINITY) {
        sum += StrictMath.exp((double) logit - largest);
      }
    }
    return largest + StrictMath.log(sum);
  }

  /** The factor by which the edits change the sum of the exponentials. */
  private double change() {
    double change = 1;
    for (int token = 0; token < edited.length; token++) {
      float before = logits.get(token);
      if (edited[token] != before) {
        change +=
            StrictMath.exp((double) edited[token] - logSumExp)
                - StrictMath.exp((double) before - logSumExp);
      }
    }
    return change;
  }
}
