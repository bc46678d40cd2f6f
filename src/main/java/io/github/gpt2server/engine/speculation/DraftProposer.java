package io.github.gpt2server.engine.speculation;

/**
 * The draft tokens of one sequence and their estimated acceptance rates: by prompt lookup, and by
 * the draft model where there is one.
 */
public final class DraftProposer {
  private final PromptLookupProposer lookup;
  private final AcceptanceRates rates = new AcceptanceRates();

  /** Null until a draft model considers the sequence. */
  private DraftState draftState;

  /**
   * Creates the proposer of a sequence that has only its prompt.
   *
   * @param prompt token ids
   * @param maxTokens the largest number of tokens that may follow it
   */
  public DraftProposer(int[] prompt, int maxTokens) {
    lookup = new PromptLookupProposer(prompt, prompt.length + maxTokens);
  }

  /** Appends the generated token, and counts whether the drafts had predicted it. */
  public void append(int token) {
    if (lookup.match() > 0) {
      rates.add(lookup.match(), lookup.draftToken(0) == token);
    }
    if (draftState != null) {
      draftState.append(token, lookup.length());
    }
    lookup.append(token);
  }

  /** The number of tokens of prompt and generated text. */
  int length() {
    return lookup.length();
  }

  /** The token of the text at a position. */
  int token(int position) {
    return lookup.token(position);
  }

  /** The tokens of the text from {@code start} to before {@code end}. */
  public int[] tokens(int start, int end) {
    return lookup.tokens(start, end);
  }

  /** Returns whether prompt lookup finds a match, and so has draft tokens. */
  boolean proposes() {
    return lookup.match() > 0;
  }

  /** The prompt-lookup draft token {@code ahead} tokens after the next one. */
  int draftToken(int ahead) {
    return lookup.draftToken(ahead);
  }

  /**
   * The estimated probability that {@link #draftToken} is accepted if all draft tokens before it
   * are.
   */
  double chance(int ahead) {
    return rates.of(Math.min(lookup.match() + ahead, PromptLookupProposer.LONGEST_MATCH));
  }

  /**
   * The draft model's state of this sequence, created at the first call.
   *
   * @param allSequences the draft model's acceptance rates over all sequences
   */
  DraftState draftState(DraftState.Rates allSequences) {
    if (draftState == null) {
      draftState = new DraftState(allSequences);
    }
    return draftState;
  }
}
