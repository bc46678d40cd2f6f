package io.github.gpt2server.api.limit;

/**
 * The sizes on which limits of the table depend.
 *
 * @param vocabulary the number of the model's tokens
 * @param sequences the number of sequences that a request may have
 */
public record RequestSizes(int vocabulary, int sequences) {

  /** The sizes of OpenAI's GPT-2, for bodies that come before a model is served. */
  public static final RequestSizes DEFAULT =
      new RequestSizes(50_257, ApiLimits.DEFAULT_MAX_SEQUENCES);
}
