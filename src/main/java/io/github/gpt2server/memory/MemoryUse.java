package io.github.gpt2server.memory;

/** What requests take memory for, with the largest part of the budget that each may have. */
public enum MemoryUse {

  /**
   * Bodies while they are read, and the requests that are made of them, until their answers end.
   */
  BODIES("bodies", 1, 2),

  /** Tokens of texts, from the tokenizer to the end of the answer. */
  TEXTS("texts", 3, 4),

  /** Answers that wait to be sent. */
  ANSWERS("answers", 1, 2);

  /**
   * The largest number of bytes that reading one byte of a body takes: a text is in memory twice,
   * with two bytes a character, while its buffer grows.
   */
  public static final int BYTES_PER_BODY_BYTE = 6;

  private final String label;
  private final int numerator;
  private final int denominator;

  MemoryUse(String label, int numerator, int denominator) {
    this.label = label;
    this.numerator = numerator;
    this.denominator = denominator;
  }

  /** Its name in metrics and messages. */
  public String label() {
    return label;
  }

  /** Its largest part of a budget of this size. */
  long share(long budget) {
    return budget / denominator * numerator;
  }
}
