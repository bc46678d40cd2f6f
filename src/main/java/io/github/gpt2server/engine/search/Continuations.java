package io.github.gpt2server.engine.search;

import io.github.gpt2server.engine.result.InvalidModelOutputException;
import io.github.gpt2server.engine.result.Logprobs;
import io.github.gpt2server.engine.result.TokenLogprobs;
import io.github.gpt2server.sampling.LogitRanking;
import io.github.gpt2server.sampling.TokenSampler;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;

/** The tokens that may follow a beam, with their log-probabilities by the model. */
public final class Continuations {
  private final Beam beam;
  private final FloatBuffer logits;
  private final float logSumExp;
  private final float[] edited;
  private final boolean restricted;

  /**
   * Reads a row of logits.
   *
   * @param logits {@code [vocab]} unedited logits after the beam; only read
   * @param logSumExp their normaliser
   * @param sampler a new sampler of the request, which knows the tokens that may not follow
   */
  public Continuations(Beam beam, FloatBuffer logits, float logSumExp, TokenSampler sampler) {
    if (!Float.isFinite(logSumExp)) {
      throw new InvalidModelOutputException("the row of logits holds NaN or infinity");
    }
    this.beam = beam;
    this.logits = logits;
    this.logSumExp = logSumExp;
    edited = new float[logits.limit()];
    logits.get(0, edited);
    beam.path().forEach(earlier -> sampler.accept(earlier.token()));
    restricted = sampler.editsLogits();
    if (restricted) {
      sampler.process(FloatBuffer.wrap(edited));
    }
  }

  /**
   * The likeliest continuations, likeliest first.
   *
   * @param wanted log-probabilities to report
   * @param count largest number of continuations
   */
  public List<Beam> likeliest(Logprobs wanted, int count) {
    TokenLogprobs common = null;
    List<Beam> continuations = new ArrayList<>();
    for (int token : LogitRanking.likeliest(edited, count)) {
      if (edited[token] == Float.NEGATIVE_INFINITY) {
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

  /** The share of the probability that the tokens which may follow have, 0 to 1. */
  double mass() {
    if (!restricted) {
      return 1;
    }
    double mass = 0;
    for (int token = 0; token < edited.length; token++) {
      if (edited[token] > Float.NEGATIVE_INFINITY) {
        mass += StrictMath.exp((double) logits.get(token) - logSumExp);
      }
    }
    return mass;
  }

  /** The likeliest continuations with their probabilities among the tokens that may follow. */
  public List<Candidate> candidates(Logprobs wanted, int count) {
    double mass = mass();
    return likeliest(wanted, count).stream()
        .map(each -> new Candidate(each, StrictMath.exp((double) each.logprobs().logprob()) / mass))
        .toList();
  }
}
