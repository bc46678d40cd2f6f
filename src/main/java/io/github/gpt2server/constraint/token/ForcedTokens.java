package io.github.gpt2server.constraint.token;

import io.github.gpt2server.sampling.TokenConstraint;
import java.nio.FloatBuffer;

/** One text, written in one sequence of tokens. */
public final class ForcedTokens implements TokenConstraint {
  private static final int[] NONE = {};

  private final int[] tokens;
  private int next;

  /** Creates a constraint before the first of these tokens. */
  public ForcedTokens(int[] tokens) {
    this.tokens = tokens;
  }

  @Override
  public void exclude(FloatBuffer logits) {
    mask().exclude(logits, NONE);
  }

  @Override
  public boolean allows(int token) {
    return token == tokens[next];
  }

  @Override
  public double logMass(FloatBuffer logits) {
    return mask().logMass(logits, NONE);
  }

  private TokenMask mask() {
    return new TokenMask(new int[] {tokens[next]}, null);
  }

  @Override
  public void accept(int token) {
    if (token != tokens[next]) {
      throw new IllegalArgumentException("token %d in place of %d".formatted(token, tokens[next]));
    }
    next++;
  }

  @Override
  public ForcedTokens copy() {
    ForcedTokens copy = new ForcedTokens(tokens);
    copy.next = next;
    return copy;
  }

  @Override
  public boolean complete() {
    return next == tokens.length;
  }
}
