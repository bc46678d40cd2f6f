package io.github.gpt2server.sampling;

/** What keeps a token from being drawn, in the order in which it is decided. */
enum Removal {
  MASK(1, "mask"),
  TOP_K(2, "top_k"),
  TYPICAL_P(3, "typical_p"),
  TOP_P(4, "top_p"),
  MIN_P(5, "min_p"),
  MIROSTAT(6, "mirostat"),
  XTC(7, "xtc");

  private final byte code;
  private final String label;

  Removal(int code, String label) {
    this.code = (byte) code;
    this.label = label;
  }

  /** The name in answers. */
  String label() {
    return label;
  }

  /** The number in packed answers, from 1; a contract, as the name is. */
  byte code() {
    return code;
  }
}
