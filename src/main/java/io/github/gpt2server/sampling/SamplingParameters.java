package io.github.gpt2server.sampling;

import java.util.Map;

/**
 * Sampling parameters of one sequence. Valid by construction: requests are validated where they are
 * received.
 *
 * @param temperature divisor of the logits, at least {@link #LEAST_TEMPERATURE}; 0 for greedy
 *     decoding
 * @param topK number of likeliest tokens to keep; 0 for all ({@link TopK})
 * @param topP probability of the smallest set of likeliest tokens to keep; 1 for all ({@link TopP})
 * @param minP least probability relative to the likeliest token's; 0 for all ({@link MinP})
 * @param typicalP probability of the set of most typical tokens to keep; 1 for all ({@link
 *     TypicalP})
 * @param repetitionPenalty penalty on tokens of prompt and output
 * @param presencePenalty subtracted from the logit of every generated token
 * @param frequencyPenalty subtracted from a token's logit once for each time it was generated
 * @param logitBias amount added to a logit, by token id
 * @param minTokens number of tokens that must be generated before end-of-text or a stop token
 * @param seed seed of the random draws; the same seed gives the same draws whatever else runs
 * @param form the form that the text must have
 * @param decoding further rules
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
    long seed,
    TextForm form,
    DecodingRules decoding) {

  /**
   * Least temperature other than 0. Lower ones would not differ from greedy decoding: distinct
   * float32 logits of magnitude 1 or more differ by at least 2^-23, and exp(-2^-23 / 1e-9) is 0 in
   * float32. Below about 1e-36 the quotients would overflow.
   */
  public static final double LEAST_TEMPERATURE = 1e-9;

  /** Sampling from the model's own distribution, which requests ask for that say nothing. */
  public static final SamplingParameters DEFAULT =
      new SamplingParameters(1, 0, 1, 0, 1, 1, 0, 0, Map.of(), 0, 0);

  /** Greedy decoding without penalties. */
  public static final SamplingParameters GREEDY =
      new SamplingParameters(0, 0, 1, 0, 1, 1, 0, 0, Map.of(), 0, 0);

  /** Creates parameters for any text. */
  public SamplingParameters(
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
    this(
        temperature,
        topK,
        topP,
        minP,
        typicalP,
        repetitionPenalty,
        presencePenalty,
        frequencyPenalty,
        logitBias,
        minTokens,
        seed,
        TextForm.ANY,
        DecodingRules.NONE);
  }

  /** Creates parameters for any text, with a penalty on every token of prompt and output. */
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

  /** Copies the map. */
  public SamplingParameters {
    logitBias = Map.copyOf(logitBias);
  }

  /** These parameters for a text of this form. */
  public SamplingParameters withForm(TextForm form) {
    return with(seed, form, decoding);
  }

  /** These parameters with another seed. */
  public SamplingParameters withSeed(long seed) {
    return with(seed, form, decoding);
  }

  /** These parameters with further rules. */
  public SamplingParameters withDecoding(DecodingRules decoding) {
    return with(seed, form, decoding);
  }

  private SamplingParameters with(long seed, TextForm form, DecodingRules decoding) {
    return new SamplingParameters(
        temperature,
        topK,
        topP,
        minP,
        typicalP,
        repetitionPenalty,
        presencePenalty,
        frequencyPenalty,
        logitBias,
        minTokens,
        seed,
        form,
        decoding);
  }
}
