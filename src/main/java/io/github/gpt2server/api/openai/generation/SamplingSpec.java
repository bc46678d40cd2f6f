package io.github.gpt2server.api.openai.generation;

import io.github.gpt2server.api.request.Bounds;
import io.github.gpt2server.sampling.DecodingRules;
import io.github.gpt2server.sampling.RepetitionPenalty;
import io.github.gpt2server.sampling.SamplingParameters;
import io.github.gpt2server.text.Excerpt;
import io.github.gpt2server.tokenizer.Gpt2Tokenizer;
import io.github.gpt2server.web.error.ApiException;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Pattern;

/**
 * Validated sampling fields of a request.
 *
 * @param parameters the parameters of a prompt's first choice
 * @param seeded whether the request has a seed; otherwise every sequence gets a random one
 */
record SamplingSpec(SamplingParameters parameters, boolean seeded) {
  /** 2^64 divided by the golden ratio: the increment of SplittableRandom. */
  private static final long GOLDEN_GAMMA = 0x9e3779b97f4a7c15L;

  private static final Pattern TOKEN_ID = Pattern.compile("0|[1-9][0-9]{0,8}");

  private static final double MAX_BIAS = 100;

  /** The value that clients of other servers send for a random seed. */
  private static final long RANDOM_SEED = -1;

  /**
   * Validates the fields.
   *
   * @param minTokens the field {@code min_tokens}, or null
   * @param maxTokens the requested maximum number of tokens, which bounds {@code min_tokens}
   * @param seed the field, or null
   * @throws ApiException 400, if a field is invalid
   */
  static SamplingSpec check(
      SamplingFields fields, Integer minTokens, int maxTokens, Long seed, Gpt2Tokenizer tokenizer) {
    int topK = Bounds.integer("top_k", fields.topK(), 0, -1, Integer.MAX_VALUE);
    boolean seeded = seed != null && seed != RANDOM_SEED;
    return new SamplingSpec(
        new SamplingParameters(
            temperature(fields.temperature()),
            Math.max(0, topK),
            Bounds.number("top_p", fields.topP(), 1, 0, 1),
            Bounds.number("min_p", fields.minP(), 0, 0, 1),
            Bounds.number("typical_p", fields.typicalP(), 1, 0, 1),
            repetitionPenalty(fields, tokenizer),
            Bounds.number("presence_penalty", fields.presencePenalty(), 0, -2, 2),
            Bounds.number("frequency_penalty", fields.frequencyPenalty(), 0, -2, 2),
            logitBias(fields.logitBias(), tokenizer.vocabSize()),
            minTokens(minTokens, maxTokens),
            seeded ? seed : 0),
        seeded);
  }

  /** These fields with further rules. */
  SamplingSpec with(DecodingRules decoding) {
    return new SamplingSpec(parameters.withDecoding(decoding), seeded);
  }

  private static RepetitionPenalty repetitionPenalty(
      SamplingFields fields, Gpt2Tokenizer tokenizer) {
    int range =
        Bounds.integer(
            "repetition_penalty_range", fields.repetitionPenaltyRange(), 0, -1, Integer.MAX_VALUE);
    boolean lineBreaks = fields.penalizeNl() == null || fields.penalizeNl();
    return new RepetitionPenalty(
        Bounds.number("repetition_penalty", fields.repetitionPenalty(), 1, 0.01, 100),
        Math.max(0, range),
        lineBreaks ? RepetitionPenalty.NONE_EXEMPT : lineBreak(tokenizer));
  }

  private static int lineBreak(Gpt2Tokenizer tokenizer) {
    int[] tokens = tokenizer.encode("\n");
    return tokens.length == 1 ? tokens[0] : RepetitionPenalty.NONE_EXEMPT;
  }

  /** The temperature, with 0 (greedy) for values too small to be distinguished from it. */
  private static double temperature(Double value) {
    double temperature = Bounds.number("temperature", value, 1, 0, 2);
    return temperature < SamplingParameters.LEAST_TEMPERATURE ? 0 : temperature;
  }

  /**
   * The parameters of one choice of a prompt, with its own seed. If the request has a seed, the
   * choice's seed depends on it and the choice's index alone, so that a prompt's choices do not
   * depend on the request's other prompts. Otherwise every call returns a random seed, so that no
   * two sequences share their random numbers.
   */
  SamplingParameters forChoice(int choice) {
    if (!seeded) {
      return parameters.withSeed(ThreadLocalRandom.current().nextLong());
    }
    return choice == 0
        ? parameters
        : parameters.withSeed(mix(parameters.seed() + choice * GOLDEN_GAMMA));
  }

  /** Steele, Lea and Flood's mixing function ("Fast splittable pseudorandom number generators"). */
  private static long mix(long z) {
    long a = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
    long b = (a ^ (a >>> 27)) * 0x94d049bb133111ebL;
    return b ^ (b >>> 31);
  }

  private static int minTokens(Integer value, int maxTokens) {
    int minTokens = Bounds.integer("min_tokens", value, 0, 0, Integer.MAX_VALUE);
    if (minTokens > maxTokens) {
      throw ApiException.invalid(
          "min_tokens",
          "min_tokens must be at most max_tokens, which is "
              + maxTokens
              + ", but is "
              + minTokens
              + ".");
    }
    return minTokens;
  }

  private static Map<Integer, Float> logitBias(Map<String, Double> biases, int vocabSize) {
    if (biases == null) {
      return Map.of();
    }
    Map<Integer, Float> checked = new HashMap<>();
    biases.forEach(
        (key, value) -> {
          int token = tokenId(key, vocabSize);
          double bias = Bounds.number("logit_bias." + key, value, 0, -MAX_BIAS, MAX_BIAS);
          checked.put(token, (float) bias);
        });
    return checked;
  }

  private static int tokenId(String key, int vocabSize) {
    // Without leading zeros or signs, so that no token has two keys.
    if (TOKEN_ID.matcher(key).matches() && Integer.parseInt(key) < vocabSize) {
      return Integer.parseInt(key);
    }
    throw ApiException.invalid(
        "logit_bias",
        "logit_bias has the key \""
            + Excerpt.of(key)
            + "\", which is not a token id; the vocabulary has ids from 0 to "
            + (vocabSize - 1)
            + ".");
  }
}
