package io.github.gpt2server.constraint.token;

import io.github.gpt2server.sampling.TokenConstraint;
import java.nio.FloatBuffer;
import java.util.function.Supplier;

/** Any text whose first token begins with given bytes. */
public final class FirstToken implements TokenConstraint {
  private static final int[] NONE = {};

  private final TokenMask mask;
  private boolean begun;

  private FirstToken(TokenMask mask) {
    this.mask = mask;
  }

  /**
   * Returns constraints before the first token, a new one at each call.
   *
   * @param bytes at least one; the beginning of some token
   */
  public static Supplier<TokenConstraint> of(TokenTree tree, byte[] bytes) {
    TokenMask mask = tree.beginningWith(bytes);
    return () -> new FirstToken(mask);
  }

  @Override
  public void exclude(FloatBuffer logits) {
    if (!begun) {
      mask.exclude(logits, NONE);
    }
  }

  @Override
  public boolean allows(int token) {
    return begun || mask.contains(token);
  }

  @Override
  public double logMass(FloatBuffer logits) {
    return begun ? 0 : mask.logMass(logits, NONE);
  }

  @Override
  public void accept(int token) {
    if (!allows(token)) {
      throw new IllegalArgumentException(
          "token %d does not begin with the given bytes".formatted(token));
    }
    begun = true;
  }

  @Override
  public FirstToken copy() {
    FirstToken copy = new FirstToken(mask);
    copy.begun = begun;
    return copy;
  }

  @Override
  public boolean restricts() {
    return !begun;
  }

  @Override
  public boolean complete() {
    return false;
  }
}
