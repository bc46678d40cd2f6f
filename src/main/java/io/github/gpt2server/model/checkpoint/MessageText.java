package io.github.gpt2server.model.checkpoint;

import java.util.Arrays;
import java.util.stream.Collectors;

/** Excerpts of what a file says of itself, for messages: one line of bounded length. */
final class MessageText {
  private static final int LONGEST = 80;

  private MessageText() {}

  /** The text in one line of bounded length. */
  static String shorten(String text) {
    String start = text.length() <= LONGEST ? text : text.substring(0, LONGEST) + "...";
    return start
        .codePoints()
        .map(
            c -> Character.isISOControl(c) || Character.getType(c) == Character.SURROGATE ? '?' : c)
        .mapToObj(Character::toString)
        .collect(Collectors.joining());
  }

  /** A shape as {@code [768, 2304]}. */
  static String shape(long... shape) {
    return shorten(Arrays.toString(shape));
  }
}
