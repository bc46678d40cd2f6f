package io.github.gpt2server.model.checkpoint;

import io.github.gpt2server.text.Excerpt;
import java.util.Arrays;

/** Excerpts of what a file says of itself, for messages: one line of bounded length. */
final class MessageText {
  private MessageText() {}

  /** The text in one line of bounded length. */
  static String shorten(String text) {
    return Excerpt.forConsole(text);
  }

  /** A shape as {@code [768, 2304]}. */
  static String shape(long... shape) {
    return shorten(Arrays.toString(shape));
  }
}
