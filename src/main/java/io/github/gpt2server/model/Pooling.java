package io.github.gpt2server.model;

/** How the rows of a text, one per token, become its vectors. */
public enum Pooling {
  /** The mean of all rows. */
  MEAN,

  /** The row of the last token, the only one that has seen the whole text. */
  LAST,

  /** Every row by itself. */
  NONE
}
