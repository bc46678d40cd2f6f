package io.github.gpt2server.analysis;

import io.github.gpt2server.engine.request.PromptProbabilities;
import io.github.gpt2server.engine.request.SequenceRequest;
import io.github.gpt2server.engine.result.PromptScores;
import io.github.gpt2server.engine.result.SequenceEvent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Tokens that one pass through the model scores. The model reads all but the last of them, for its
 * last row of logits already speaks of that one: a model of n positions scores up to n + 1 tokens.
 *
 * @param tokens at least two, at most one more than the context holds
 * @param scoredFrom the first token that is scored, at least 1; all after it are too
 */
public record ScoringPass(int[] tokens, int scoredFrom) {

  /**
   * The passes that score a text, each token but the first once.
   *
   * @param tokens the text's; fewer than two have nothing to score
   * @param contextLength how many tokens the model reads at once
   * @param stride how far apart windows of {@code contextLength} tokens begin, less than that; 0
   *     for windows without overlap, each of which also scores the token after those it reads
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
   * @param prompt at least one token; its end is kept if both do not fit
   * @param continuation at least one token, at most {@code contextLength}
   */
  public static ScoringPass of(int[] prompt, int[] continuation, int contextLength) {
    int kept = Math.min(prompt.length, contextLength + 1 - continuation.length);
    int[] tokens = Arrays.copyOf(continuation, kept + continuation.length);
    System.arraycopy(prompt, prompt.length - kept, tokens, 0, kept);
    System.arraycopy(continuation, 0, tokens, kept, continuation.length);
    return new ScoringPass(tokens, kept);
  }

  /** How many tokens are scored. */
  public int scoredTokens() {
    return tokens.length - scoredFrom;
  }

  /** What the engine is asked. */
  public SequenceRequest request() {
    return SequenceRequest.reading(
        Arrays.copyOf(tokens, tokens.length - 1),
        new PromptProbabilities(true, scoredFrom, 1, true));
  }

  /** The scores, from what the engine answers to {@link #request}. */
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
   * How likely the scored tokens are, each given those before it.
   *
   * @param logprobs natural logarithms of their probabilities
   * @param ranks their places among all tokens, 1 for the likeliest
   */
  public record Scores(double[] logprobs, int[] ranks) {

    /** The log-probability of all of them in a row, in nats. */
    public double logLikelihood() {
      return Arrays.stream(logprobs).sum();
    }

    /** Whether greedy decoding would write exactly these tokens. */
    public boolean greedy() {
      return Arrays.stream(ranks).allMatch(rank -> rank == 1);
    }
  }
}
