package io.github.gpt2server.engine.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.gpt2server.engine.request.SequenceRequest;
import io.github.gpt2server.engine.result.Logprobs;
import io.github.gpt2server.sampling.DecodingRules;
import io.github.gpt2server.sampling.SamplingParameters;
import io.github.gpt2server.testing.NaiveRules;
import io.github.gpt2server.testing.RequestBuilder;
import java.nio.FloatBuffer;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What may follow a beam, against plain loops in float64. */
class ContinuationsTest {
  private static final int SIZE = 200;
  private static final int[] PROMPT = {3, 1, 4};

  private final Random random = new Random(7);

  @Test
  void probabilitiesAreTheSoftmaxOfTheEditedLogits() {
    int few = 0;
    int large = 0;
    for (int row = 0; row < 500; row++) {
      float[] logits = logits();
      SamplingParameters rules = rules();
      float[] edited = NaiveRules.of(PROMPT, rules).edit(List.of(), logits);
      double sum = 0;
      for (float logit : edited) {
        sum += Math.exp((double) logit);
      }
      List<Candidate> candidates = of(logits, rules).candidates(Logprobs.top(0), 4);
      assertThat(candidates.stream().map(each -> each.beam().token()))
          .isEqualTo(likeliest(edited, 4));
      for (Candidate candidate : candidates) {
        double exact = Math.exp((double) edited[candidate.beam().token()]) / sum;
        assertThat(candidate.probability()).isCloseTo(exact, within(exact * 1e-5));
        assertThat(candidate.beam().logprobs().logprob())
            .isEqualTo(logits[candidate.beam().token()] - logSumExp(logits));
      }
      double change = sum / Math.exp(logSumExp(logits));
      few += change < 0.9 && rules.decoding().allowedTokens() == null ? 1 : 0;
      large += change > 8 || change < 1 / 8.0 ? 1 : 0;
    }
    assertThat(few).as("rows of which few edits matter").isGreaterThan(50);
    assertThat(large).as("rows whose sum the edits change by far").isGreaterThan(50);
  }

  @Test
  void beamsSumTheEditedLogprobabilitiesAndReportTheOthers() {
    for (int row = 0; row < 500; row++) {
      float[] logits = logits();
      SamplingParameters rules = rules();
      float[] logprobs = logits.clone();
      for (int token = 0; token < SIZE; token++) {
        logprobs[token] -= logSumExp(logits);
      }
      float[] edited = NaiveRules.of(PROMPT, rules).edit(List.of(), logprobs);
      List<Beam> beams = of(logits, rules).likeliest(Logprobs.top(0), 4);
      assertThat(beams.stream().map(Beam::token)).isEqualTo(likeliest(edited, 4));
      for (Beam beam : beams) {
        assertThat(beam.sum()).isEqualTo(edited[beam.token()]);
        assertThat(beam.logprobs().logprob()).isEqualTo(logprobs[beam.token()]);
      }
    }
  }

  /** Some have one token of nearly all probability. */
  private float[] logits() {
    float[] logits = new float[SIZE];
    for (int token = 0; token < SIZE; token++) {
      logits[token] = (float) (2 * random.nextGaussian());
    }
    logits[random.nextInt(5)] += random.nextInt(3) * 6;
    return logits;
  }

  private SamplingParameters rules() {
    Map<Integer, Float> bias = new HashMap<>();
    for (int i = random.nextInt(3); i > 0; i--) {
      bias.put(random.nextInt(5), (float) (5 * random.nextGaussian()));
    }
    return new SamplingParameters(0, 0, 1, 0, 1, 0.5 + random.nextDouble(), 0, 0, bias, 0, 0)
        .withDecoding(
            new DecodingRules(
                random.nextInt(3) == 0 ? new int[] {1, 7, 50, 90, 120} : null,
                List.of(new int[] {random.nextInt(5)}),
                0,
                null,
                null,
                null));
  }

  private static Continuations of(float[] logits, SamplingParameters rules) {
    SequenceRequest request = RequestBuilder.request(PROMPT, 10).sampling(rules).build();
    return new Continuations(
        Beam.START,
        FloatBuffer.wrap(logits),
        logSumExp(logits),
        new BeamEdits(request),
        new float[SIZE]);
  }

  private static float logSumExp(float[] logits) {
    double sum = 0;
    for (float logit : logits) {
      sum += Math.exp(logit);
    }
    return (float) Math.log(sum);
  }

  private static List<Integer> likeliest(float[] scores, int count) {
    return IntStream.range(0, scores.length)
        .boxed()
        .filter(token -> scores[token] > Float.NEGATIVE_INFINITY)
        .sorted(Comparator.comparing(token -> -scores[token]))
        .limit(count)
        .toList();
  }
}
