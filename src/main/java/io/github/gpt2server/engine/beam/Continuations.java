package io.github.gpt2server.engine.beam;

import io.github.gpt2server.engine.result.InvalidModelOutputException;
import io.github.gpt2server.engine.result.Logprobs;
import io.github.gpt2server.engine.result.TokenLogprobs;
import io.github.gpt2server.sampling.LogitRanking;
import io.github.gpt2server.sampling.TokenSampler;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;

/** The likeliest continuations of a beam. */
public final class Continuations {
  private Continuations() {}

  /**
   * The likeliest continuations, likeliest first, without those that may not follow.
   *
   * @param logits {@code [vocab]} unedited logits after the beam; only read
   * @param logSumExp their normaliser
   * @param sampler a new sampler of the request, which knows the tokens that may not follow
   * @param wanted log-probabilities to report
   * @param count largest number of continuations
   */
  public static List<Beam> of(
      Beam beam,
      FloatBuffer logits,
      float logSumExp,
      TokenSampler sampler,
      Logprobs wanted,
      int count) {
    if (!Float.isFinite(logSumExp)) {
      throw new InvalidModelOutputException("the row of logits holds NaN or infinity");
    }
    float[] row = new float[logits.limit()];
    logits.get(0, row);
    beam.path().forEach(earlier -> sampler.accept(earlier.token()));
    if (sampler.editsLogits()) {
      sampler.process(FloatBuffer.wrap(row));
    }
    TokenLogprobs common = null;
    List<Beam> continuations = new ArrayList<>();
    for (int token : LogitRanking.likeliest(row, count)) {
      if (row[token] == Float.NEGATIVE_INFINITY) {
        break;
      }
      // What is reported beside the token is the same for all.
      common = common == null ? TokenLogprobs.of(wanted, logits, token, logSumExp) : common;
      continuations.add(
          beam.then(
              token,
              new TokenLogprobs(logits.get(token) - logSumExp, common.top(), common.others())));
    }
    return continuations;
  }
}
