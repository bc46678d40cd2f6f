package io.github.gpt2server.model;

/** The way from the rows of a text, one per token, to its vectors. */
public enum Pooling {
  /** The mean of all rows. */
  MEAN,

  /** The row of the last token, the only one that has seen the whole text. */
  LAST,

  /** Every row by itself. */
  NONE
}
