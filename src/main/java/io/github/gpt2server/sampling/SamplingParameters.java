package io.github.gpt2server.sampling;

import java.util.Map;

/**
 * How one sequence turns logits into tokens. Valid by construction: the values were checked where
 * the request came in.
 *
 * @param temperature divides the logits, at least {@link #LEAST_TEMPERATURE}; 0 means greedy (the
 *     likeliest token)
 * @param topK keep only the {@code topK} likeliest tokens; 0 keeps all
 * @param topP keep the smallest set of likeliest tokens whose probabilities reach {@code topP}
 *     (nucleus sampling, Holtzman et al. 2020); 1 keeps all
 * @param minP drop tokens less likely than {@code minP} times the likeliest; 0 keeps all
 * @param typicalP keep the tokens whose surprisal is nearest the entropy until their probabilities
 *     reach {@code typicalP} (locally typical sampling, Meister et al. 2023); 1 keeps all
 * @param repetitionPenalty divides positive and multiplies negative logits of tokens seen in prompt
 *     or output (Keskar et al. 2019)
 * @param presencePenalty subtracted from the logit of every token already generated
 * @param frequencyPenalty subtracted from a token's logit once for each time it was generated
 * @param logitBias added to the logits of these token ids
 * @param minTokens end-of-text and stop tokens are impossible until so many tokens are generated
 * @param seed where the random draws start; the same seed gives the same draws whatever else runs
 */
public record SamplingParameters(
    double temperature,
    int topK,
    double topP,
    double minP,
    double typicalP,
    RepetitionPenalty repetitionPenalty,
    double presencePenalty,
    double frequencyPenalty,
    Map<Integer, Float> logitBias,
    int minTokens,
    long seed) {

  /**
   * The least temperature at which sampling differs from greedy decoding: two float32 logits of
   * size 1 or more that differ at all differ by 2^-23 at least, and exp(-2^-23 / 1e-9) is 0 in
   * float32. Much smaller ones, below about 1e-36, would make the quotients overflow.
   */
  public static final double LEAST_TEMPERATURE = 1e-9;

  /** Greedy decoding without any penalty. */
  public static final SamplingParameters GREEDY =
      new SamplingParameters(0, 0, 1, 0, 1, 1, 0, 0, Map.of(), 0, 0);

  /** Parameters whose repetition penalty is for every token of prompt and output. */
  public SamplingParameters(
      double temperature,
      int topK,
      double topP,
      double minP,
      double typicalP,
      double repetitionPenalty,
      double presencePenalty,
      double frequencyPenalty,
      Map<Integer, Float> logitBias,
      int minTokens,
      long seed) {
    this(
        temperature,
        topK,
        topP,
        minP,
        typicalP,
        RepetitionPenalty.of(repetitionPenalty),
        presencePenalty,
        frequencyPenalty,
        logitBias,
        minTokens,
        seed);
  }

  /** Copies the map, so that nobody changes it later. */
  public SamplingParameters {
    logitBias = Map.copyOf(logitBias);
  }
}
