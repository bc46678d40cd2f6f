package io.github.gpt2server.template;

/** Counts what one rendering does, and ends it at its limits. */
final class Meter {

  /** The largest depth of calls and of values in values. */
  static final int MAX_DEPTH = 100;

  /** Characters that are read in the time of one step. */
  private static final int CHARACTERS_PER_STEP = 256;

  private final RenderLimits limits;
  private long steps;
  private long characters;
  private int depth;

  Meter(RenderLimits limits) {
    this.limits = limits;
  }

  /** Counts one evaluation. */
  void step() {
    steps(1);
  }

  /** Counts several evaluations, before they are done. */
  void steps(long more) {
    steps += more;
    if (steps > limits.steps()) {
      throw new TemplateException("it does more than %d steps".formatted(limits.steps()));
    }
  }

  /** Counts the reading of a text, before it is read. */
  void read(long length) {
    steps(1 + length / CHARACTERS_PER_STEP);
  }

  /** Counts a search, whose time is at worst the product of the lengths. */
  void search(String text, String part) {
    read((long) text.length() * Math.max(1, part.length()));
  }

  /** Counts a text, before it is made. */
  void make(long length) {
    read(length);
    characters += length;
    if (characters > limits.characters()) {
      throw new TemplateException(
          "it makes texts and lists of more than %d characters".formatted(limits.characters()));
    }
  }

  /** Counts a list or an object, before it is made. */
  void makeItems(long count) {
    steps(count);
    make(4 * count);
  }

  /** Goes into a call, or into a value in another. */
  void enter() {
    if (++depth > MAX_DEPTH) {
      throw new TemplateException(
          "its calls or values are nested more than %d deep".formatted(MAX_DEPTH));
    }
  }

  /** Returns from what was entered. */
  void leave() {
    depth--;
  }
}
