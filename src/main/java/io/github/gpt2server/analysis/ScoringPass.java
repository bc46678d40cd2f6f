package io.github.gpt2server.analysis;

import io.github.gpt2server.engine.request.PromptProbabilities;
import io.github.gpt2server.engine.request.SequenceRequest;
import io.github.gpt2server.engine.result.PromptScores;
import io.github.gpt2server.engine.result.SequenceEvent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Tokens scored by one pass through the model. The model reads all but the last, whose score is in
 * the last row of logits: with n positions it scores up to n + 1 tokens.
 *
 * @param tokens token ids, at least two, at most one more than the context length
 * @param scoredFrom index of the first scored token, at least 1; all after it are scored too
 */
public record ScoringPass(int[] tokens, int scoredFrom) {

  /**
   * The passes that score a text, each token but the first once.
   *
   * @param tokens token ids of the text; fewer than two have nothing to score
   * @param contextLength largest number of tokens that the model reads at once
   * @param stride distance between the starts of windows of {@code contextLength} tokens, less than
   *     that; 0 for windows without overlap, each of which also scores the token after it
   */
  public static List<ScoringPass> cover(int[] tokens, int contextLength, int stride) {
    if (tokens.length < 2) {
      return List.of();
    }
    List<ScoringWindow> windows =
        stride == 0
            ? ScoringWindow.cover(tokens.length, contextLength + 1, contextLength)
            : ScoringWindow.cover(tokens.length, contextLength, stride);
    List<ScoringPass> passes = new ArrayList<>();
    for (ScoringWindow window : windows) {
      passes.add(
          new ScoringPass(
              Arrays.copyOfRange(tokens, window.start(), window.end()), window.scoredFrom()));
    }
    return passes;
  }

  /**
   * The pass that scores a continuation of a prompt.
   *
   * @param prompt at least one token; only its end is used if both do not fit
   * @param continuation at least one token, at most {@code contextLength}
   */
  public static ScoringPass of(int[] prompt, int[] continuation, int contextLength) {
    int used = Math.min(prompt.length, contextLength + 1 - continuation.length);
    int[] tokens = Arrays.copyOf(continuation, used + continuation.length);
    System.arraycopy(prompt, prompt.length - used, tokens, 0, used);
    System.arraycopy(continuation, 0, tokens, used, continuation.length);
    return new ScoringPass(tokens, used);
  }

  /** Number of scored tokens. */
  public int scoredTokens() {
    return tokens.length - scoredFrom;
  }

  /** The request for the engine. */
  public SequenceRequest request() {
    return SequenceRequest.reading(
        Arrays.copyOf(tokens, tokens.length - 1),
        new PromptProbabilities(true, scoredFrom, 1, true));
  }

  /** The scores, from the engine's answer to {@link #request}. */
  public Scores scores(SequenceEvent.PromptRead answer) {
    PromptScores read = answer.scores();
    int last = read.logprobs().length;
    double[] logprobs = new double[last + 1];
    for (int i = 0; i < last; i++) {
      logprobs[i] = read.logprobs()[i];
    }
    int[] ranks = Arrays.copyOf(read.ranks(), last + 1);
    TokenDistribution next = TokenDistribution.of(answer.nextTokenLogits(), 1);
    logprobs[last] = next.logprob(tokens[tokens.length - 1]);
    ranks[last] = next.rank(tokens[tokens.length - 1]);
    return new Scores(logprobs, ranks);
  }

  /**
   * Scores of the tokens, each given those before it.
   *
   * @param logprobs log-probabilities in nats
   * @param ranks ranks in the vocabulary, 1 for the likeliest
   */
  public record Scores(double[] logprobs, int[] ranks) {

    /** The log-probability of all scored tokens, in nats. */
    public double logLikelihood() {
      return Arrays.stream(logprobs).sum();
    }

    /** Returns whether greedy decoding would generate exactly these tokens. */
    public boolean greedy() {
      return Arrays.stream(ranks).allMatch(rank -> rank == 1);
    }
  }
}
