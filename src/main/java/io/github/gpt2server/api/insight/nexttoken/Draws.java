package io.github.gpt2server.api.insight.nexttoken;

import io.github.gpt2server.api.insight.token.TokenDraw;
import io.github.gpt2server.api.openai.generation.DrawSpec;
import io.github.gpt2server.sampling.DrawDistribution;
import io.github.gpt2server.sampling.NoCandidateException;
import io.github.gpt2server.sampling.TokenSampler;
import io.github.gpt2server.web.error.ApiException;
import java.util.function.IntFunction;

/** How a completion of a prompt would draw its first tokens. */
final class Draws {
  private final DrawSpec sampling;
  private final int[] prompt;
  private final DrawDistribution next;

  /**
   * Computes the draw of the next token.
   *
   * @param logits {@code [vocab]} logits after the prompt
   * @throws ApiException 400, if no token could be drawn
   */
  Draws(DrawSpec sampling, int[] prompt, float[] logits) {
    this.sampling = sampling;
    this.prompt = prompt;
    try {
      this.next = sampling.after(prompt).distribution(logits);
    } catch (NoCandidateException e) {
      throw ApiException.invalid(
          "sampling", "sampling leaves no token that could be drawn; exclude fewer tokens.");
    }
  }

  /** The draw of the next token. */
  DrawDistribution next() {
    return next;
  }

  /**
   * The probability with which these tokens would be drawn one after the other, by the chain rule:
   * rules and filters apply to each with the tokens before it.
   *
   * @param tokens token ids, at least one
   * @param logits returns the logits after the prompt and a number of the tokens
   */
  TokenDraw of(int[] tokens, IntFunction<float[]> logits) {
    if (tokens.length == 1) {
      return TokenDraw.of(next, tokens[0]);
    }
    TokenSampler sampler = sampling.after(prompt);
    DrawDistribution draw = next;
    double probability = 1;
    for (int i = 0; i < tokens.length; i++) {
      if (i > 0) {
        if (sampling.stopTokens().contains(tokens[i - 1])) {
          return TokenDraw.NEVER;
        }
        sampler.accept(tokens[i - 1], draw);
        try {
          draw = sampler.distribution(logits.apply(i));
        } catch (NoCandidateException e) {
          return TokenDraw.EXCLUDED;
        }
      }
      if (draw.probability(tokens[i]) == 0) {
        return new TokenDraw(0.0, draw.removedBy(tokens[i]));
      }
      probability *= draw.probability(tokens[i]);
    }
    return new TokenDraw(probability, null);
  }
}
