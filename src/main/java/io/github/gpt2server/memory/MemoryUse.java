package io.github.gpt2server.memory;

/** Uses of memory by requests, each with its largest share of the budget. */
public enum MemoryUse {

  /** Bodies while they are read, and the requests parsed from them, until their answers end. */
  BODIES("bodies", 1, 2),

  /** Tokens of texts, from the tokenizer to the end of the answer. */
  TEXTS("texts", 3, 4),

  /** Answers that wait to be sent. */
  ANSWERS("answers", 1, 2);

  /**
   * The largest number of bytes of memory per byte of a body: while its buffer grows, a text is in
   * memory twice, with two bytes per character.
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

  /** The name in metrics and messages. */
  public String label() {
    return label;
  }

  /** The largest share of a budget of this size, in bytes. */
  long share(long budget) {
    return budget / denominator * numerator;
  }
}
