package io.github.gpt2server.sampling;

/**
 * No token can be picked: the numbers to pick from are not all numbers, or leave every token
 * without a probability.
 */
public class NoCandidateException extends IllegalStateException {
  private static final long serialVersionUID = 1L;

  NoCandidateException(String message) {
    super(message);
  }
}
