package io.github.gpt2server.api.openai.generation;

import io.github.gpt2server.sampling.SamplingParameters;
import io.github.gpt2server.sampling.TokenSampler;
import io.github.gpt2server.serving.ServedModel;
import io.github.gpt2server.web.error.ApiException;
import java.util.Set;

/**
 * A valid way to draw the next token.
 *
 * @param parameters the parameters of a completion
 * @param stopTokens tokens that end a text, which a minimum length excludes
 */
public record DrawSpec(SamplingParameters parameters, Set<Integer> stopTokens) {

  /**
   * Validates the fields as those of a completion.
   *
   * @throws ApiException 400, if a field is invalid
   */
  public static DrawSpec check(DrawFields fields, ServedModel model) {
    SamplingParameters parameters =
        SamplingSpec.check(
                fields.sampling(), fields.minTokens(), Integer.MAX_VALUE, null, model.tokenizer())
            .parameters();
    StoppingFields stopping =
        new StoppingFields(
            null, fields.minTokens(), fields.ignoreEos(), fields.stopTokenIds(), null);
    Set<Integer> stopTokens =
        StoppingSpec.check(stopping, parameters.minTokens(), model).tokenIds();
    return new DrawSpec(
        parameters.withDecoding(
            new DecodingSpec(model, parameters, stopTokens).check(fields.decoding())),
        stopTokens);
  }

  /** The sampler of a completion after this prompt. */
  public TokenSampler after(int[] prompt) {
    return new TokenSampler(parameters, prompt, stopTokens);
  }
}
