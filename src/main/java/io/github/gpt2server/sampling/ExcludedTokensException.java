package io.github.gpt2server.sampling;

/** No token can be picked, because the rules of the request exclude every one. */
public class ExcludedTokensException extends IllegalStateException {
  private static final long serialVersionUID = 1L;

  private final int generated;

  ExcludedTokensException(int generated) {
    super("Every token is excluded after " + generated + " generated tokens.");
    this.generated = generated;
  }

  /** Number of tokens that were generated before. */
  public int generated() {
    return generated;
  }
}
