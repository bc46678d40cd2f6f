package io.github.gpt2server.sampling;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/**
 * The edits of a text's logits by penalties, bias and excluded tokens, with the tokens so far that
 * they depend on. Applied in this order: repetition penalty, presence and frequency penalties, DRY,
 * logit bias, allowed tokens, bad words, repeated n-grams, minimum length. Not thread-safe.
 */
public final class LogitEdits {
  private final List<LogitsProcessor> processors;
  private final boolean excludes;

  /** Null without processors, which alone need it. */
  private final TokenHistory history;

  private int generated;

  /**
   * Creates the edits of a text of which nothing is generated.
   *
   * @param prompt the token ids before the first generated one
   * @param stopTokens end-of-text and stop token ids, excluded until {@code minTokens} tokens are
   *     generated
   */
  public LogitEdits(SamplingParameters parameters, int[] prompt, Collection<Integer> stopTokens) {
    processors = processors(parameters, stopTokens);
    excludes = parameters.decoding().excludes();
    history = processors.isEmpty() ? null : new TokenHistory(prompt);
  }

  private static List<LogitsProcessor> processors(
      SamplingParameters parameters, Collection<Integer> stopTokens) {
    List<LogitsProcessor> processors = new ArrayList<>();
    if (parameters.repetitionPenalty().penalty() != 1) {
      processors.add(parameters.repetitionPenalty());
    }
    if (parameters.presencePenalty() != 0 || parameters.frequencyPenalty() != 0) {
      processors.add(
          new OccurrencePenalty(parameters.presencePenalty(), parameters.frequencyPenalty()));
    }
    DecodingRules decoding = parameters.decoding();
    if (decoding.dry() != null) {
      processors.add(decoding.dry());
    }
    if (!parameters.logitBias().isEmpty()) {
      processors.add(new LogitBias(parameters.logitBias()));
    }
    if (decoding.allowedTokens() != null) {
      processors.add(new AllowedTokens(decoding.allowedTokens()));
    }
    if (!decoding.badWords().isEmpty()) {
      processors.add(new BadWords(decoding.badWords()));
    }
    if (decoding.noRepeatNgramSize() > 0) {
      processors.add(new NoRepeatNgrams(decoding.noRepeatNgramSize()));
    }
    if (parameters.minTokens() > 0) {
      int[] stops = stopTokens.stream().mapToInt(Integer::intValue).toArray();
      processors.add(new MinTokens(parameters.minTokens(), stops));
    }
    return List.copyOf(processors);
  }

  /** Returns whether {@link #process} would change anything for the next token. */
  public boolean edits() {
    for (LogitsProcessor processor : processors) {
      if (processor.edits(history)) {
        return true;
      }
    }
    return false;
  }

  /**
   * Edits the logits of the next token.
   *
   * @param logits {@code [vocab]}, edited in place; position and limit do not change
   */
  public void process(FloatBuffer logits) {
    for (LogitsProcessor processor : processors) {
      processor.process(logits, history);
    }
  }

  /** Returns whether {@link #process} left a token that can be picked. */
  public boolean leavesToken(FloatBuffer logits) {
    if (!excludes) {
      return true;
    }
    int size = logits.limit();
    for (int token = 0; token < size; token++) {
      if (logits.get(token) != Float.NEGATIVE_INFINITY) {
        return true;
      }
    }
    return false;
  }

  /**
   * Checks that {@link #process} left a token that can be picked.
   *
   * @throws ExcludedTokensException if the rules of the request exclude every token
   */
  public void requireToken(FloatBuffer logits) {
    if (!leavesToken(logits)) {
      throw new ExcludedTokensException(generated);
    }
  }

  /** Appends a generated token. */
  public void accept(int token) {
    if (history != null) {
      history.add(token);
    }
    generated++;
  }

  /**
   * Takes the last generated tokens back.
   *
   * @param length number of generated tokens that stay
   */
  public void rewind(int length) {
    for (; generated > length; generated--) {
      if (history != null) {
        history.removeLast();
      }
    }
  }

  /** Number of generated tokens. */
  public int generated() {
    return generated;
  }
}
