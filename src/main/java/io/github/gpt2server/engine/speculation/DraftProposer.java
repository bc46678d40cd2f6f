package io.github.gpt2server.engine.speculation;

/** Guesses the next tokens of one sequence and how likely they are to be right. */
public final class DraftProposer {
  private final PromptLookupProposer lookup;
  private final AcceptanceRates rates = new AcceptanceRates();

  /** Null until a draft model looks at the sequence. */
  private DraftState draft;

  /**
   * Begins after a prompt.
   *
   * @param maxTokens how many tokens may follow it
   */
  public DraftProposer(int[] prompt, int maxTokens) {
    lookup = new PromptLookupProposer(prompt, prompt.length + maxTokens);
  }

  /** Takes in the token that really came next. */
  public void append(int token) {
    if (lookup.match() > 0) {
      rates.add(lookup.match(), lookup.guess(0) == token);
    }
    if (draft != null) {
      draft.append(token, lookup.length());
    }
    lookup.append(token);
  }

  /** How many tokens prompt and text have so far. */
  int length() {
    return lookup.length();
  }

  /** The one of them at a position. */
  int token(int position) {
    return lookup.token(position);
  }

  /** These of them, from {@code start} on and before {@code end}. */
  int[] tokens(int start, int end) {
    return lookup.tokens(start, end);
  }

  /** Whether there is anything to guess from in the text itself. */
  boolean guesses() {
    return lookup.match() > 0;
  }

  /** The token guessed to come {@code ahead} tokens after the next one. */
  int guess(int ahead) {
    return lookup.guess(ahead);
  }

  /** The probability that this guess is right if those before it are. */
  double chance(int ahead) {
    return rates.of(Math.min(lookup.match() + ahead, PromptLookupProposer.LONGEST_MATCH));
  }

  /**
   * What a draft model knows of the sequence.
   *
   * @param all how often its guesses of all sequences were right
   */
  DraftState draft(DraftState.Rates all) {
    if (draft == null) {
      draft = new DraftState(all);
    }
    return draft;
  }
}
