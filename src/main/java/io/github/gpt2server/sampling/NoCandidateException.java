package io.github.gpt2server.sampling;

/**
 * No token can be picked: the logits or probabilities are not finite, or every token has
 * probability 0.
 */
public class NoCandidateException extends IllegalStateException {
  private static final long serialVersionUID = 1L;

  NoCandidateException(String message) {
    super(message);
  }
}
