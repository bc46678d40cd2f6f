package io.github.gpt2server.engine;

import io.github.gpt2server.sampling.DecodingRules;
import io.github.gpt2server.sampling.DryPenalty;
import io.github.gpt2server.sampling.RepetitionPenalty;
import io.github.gpt2server.sampling.SamplingParameters;
import io.github.gpt2server.sampling.SequenceBreakers;
import io.github.gpt2server.sampling.TextForm;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Random rules that edit logits, for searches on a {@link FakeModel}. */
final class RandomRules {

  private RandomRules() {}

  /**
   * Some of the rules, or none.
   *
   * @param few whether up to eight tokens alone are allowed, so that texts repeat themselves
   */
  static SamplingParameters parameters(Random random, int[] prompt, int minTokens, boolean few) {
    Map<Integer, Float> bias = new HashMap<>();
    for (int i = random.nextInt(2) * 100; i > 0; i--) {
      bias.put(random.nextInt(900), 8 * random.nextFloat() - 4);
    }
    boolean penalised = random.nextBoolean();
    int[] allowed =
        few ? random.ints(1 + random.nextInt(8), 0, 900).sorted().distinct().toArray() : null;
    DecodingRules rules =
        new DecodingRules(
            allowed,
            random.nextBoolean() ? List.of() : badWords(random, prompt, allowed),
            few ? random.nextInt(4) : random.nextInt(2),
            random.nextBoolean()
                ? new DryPenalty(
                    2, 1.5, random.nextInt(2), Integer.MAX_VALUE, SequenceBreakers.NONE)
                : null,
            null,
            null);
    return new SamplingParameters(
        0,
        0,
        1,
        0,
        1,
        RepetitionPenalty.of(penalised ? 0.7 + random.nextDouble() : 1),
        penalised ? random.nextDouble() : 0,
        penalised ? random.nextDouble() : 0,
        bias,
        minTokens,
        0,
        TextForm.ANY,
        random.nextInt(3) == 0 ? DecodingRules.NONE : rules);
  }

  /** The likeliest first tokens, and pairs of allowed ones. */
  private static List<int[]> badWords(Random random, int[] prompt, int[] allowed) {
    List<Integer> likeliest = FakeModel.continuation(prompt, 2);
    int[] pair =
        allowed == null
            ? likeliest.stream().mapToInt(Integer::intValue).toArray()
            : new int[] {
              allowed[random.nextInt(allowed.length)], allowed[random.nextInt(allowed.length)]
            };
    return List.of(new int[] {likeliest.get(0)}, pair);
  }
}
