package io.github.gpt2server.constraint.token;

import io.github.gpt2server.constraint.automaton.ByteAutomaton;
import io.github.gpt2server.sampling.TokenConstraint;
import java.nio.FloatBuffer;

/** A place in a {@link TokenAutomaton}: what one sequence has written so far. */
public final class TokenCursor implements TokenConstraint {
  private static final int[] NONE = {};

  private final TokenAutomaton automaton;
  private final int[] ends;
  private int state;

  /**
   * Creates a cursor before the first token.
   *
   * @param ends tokens that end a text and add nothing to it, allowed where the text may end
   */
  public TokenCursor(TokenAutomaton automaton, int[] ends) {
    this.automaton = automaton;
    this.ends = ends;
  }

  @Override
  public void exclude(FloatBuffer logits) {
    automaton.allowed(state).exclude(logits, endsHere());
  }

  @Override
  public boolean allows(int token) {
    return automaton.next(state, token) != ByteAutomaton.DEAD || isEnd(token);
  }

  private boolean isEnd(int token) {
    for (int end : endsHere()) {
      if (end == token) {
        return true;
      }
    }
    return false;
  }

  @Override
  public double logMass(FloatBuffer logits) {
    return automaton.allowed(state).logMass(logits, endsHere());
  }

  private int[] endsHere() {
    return automaton.accepts(state) ? ends : NONE;
  }

  /**
   * {@inheritDoc}
   *
   * @throws IllegalArgumentException if the token is not allowed
   */
  @Override
  public void accept(int token) {
    if (isEnd(token)) {
      return;
    }
    int next = automaton.next(state, token);
    if (next == ByteAutomaton.DEAD) {
      throw new IllegalArgumentException(
          "token %d is not allowed after what was generated".formatted(token));
    }
    state = next;
  }

  @Override
  public TokenCursor copy() {
    TokenCursor copy = new TokenCursor(automaton, ends);
    copy.state = state;
    return copy;
  }

  @Override
  public boolean complete() {
    return automaton.accepts(state)
        && (!automaton.continues(state) || automaton.allowed(state).count() == 0);
  }
}
