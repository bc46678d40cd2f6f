package io.github.gpt2server.template;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.function.IntPredicate;

/** Python's operations on strings, where Java's differ. */
final class PyStrings {

  private PyStrings() {}

  static boolean isSpace(int c) {
    return Character.isWhitespace(c) || Character.isSpaceChar(c) || c == 0x85;
  }

  static String stripEnd(String text) {
    return strip(text, PyStrings::isSpace, false, true);
  }

  /** The text without the characters of a set at its ends. */
  static String strip(String text, IntPredicate set, boolean start, boolean end) {
    int from = 0;
    int to = text.length();
    while (start && from < to && set.test(text.codePointAt(from))) {
      from += Character.charCount(text.codePointAt(from));
    }
    while (end && to > from && set.test(text.codePointBefore(to))) {
      to -= Character.charCount(text.codePointBefore(to));
    }
    return text.substring(from, to);
  }

  /** The parts between a separator, at most {@code most} splits; a negative number has no limit. */
  static List<Object> split(String text, String separator, long most, boolean fromEnd) {
    if (separator.isEmpty()) {
      throw new TemplateException("split has an empty separator");
    }
    List<Object> parts = new ArrayList<>();
    int start = 0;
    int end = text.length();
    while (most < 0 || parts.size() < most) {
      int at =
          fromEnd
              ? text.lastIndexOf(separator, end - separator.length())
              : text.indexOf(separator, start);
      if (at < 0) {
        break;
      }
      if (fromEnd) {
        parts.add(text.substring(at + separator.length(), end));
        end = at;
      } else {
        parts.add(text.substring(start, at));
        start = at + separator.length();
      }
    }
    parts.add(text.substring(start, end));
    if (fromEnd) {
      Collections.reverse(parts);
    }
    return parts;
  }

  /** The words between white space. */
  static List<Object> words(String text, long most) {
    List<Object> words = new ArrayList<>();
    int position = 0;
    while (true) {
      while (position < text.length() && isSpace(text.charAt(position))) {
        position++;
      }
      if (position == text.length()) {
        return words;
      }
      if (most >= 0 && words.size() == most) {
        words.add(stripEnd(text.substring(position)));
        return words;
      }
      int start = position;
      while (position < text.length() && !isSpace(text.charAt(position))) {
        position++;
      }
      words.add(text.substring(start, position));
    }
  }

  /** The lines, without their line breaks unless they are wanted. */
  static List<Object> lines(String text, boolean withBreaks) {
    List<Object> lines = new ArrayList<>();
    int start = 0;
    for (int i = 0; i < text.length(); i++) {
      if ("\n\r\u000b\f\u001c\u001d\u001e\u0085\u2028\u2029".indexOf(text.charAt(i)) < 0) {
        continue;
      }
      int end = text.startsWith("\r\n", i) ? i + 2 : i + 1;
      lines.add(text.substring(start, withBreaks ? end : i));
      start = end;
      i = end - 1;
    }
    if (start < text.length()) {
      lines.add(text.substring(start));
    }
    return lines;
  }

  static String title(String text) {
    StringBuilder title = new StringBuilder(text.length());
    boolean inWord = false;
    for (int c : text.codePoints().toArray()) {
      title.appendCodePoint(inWord ? Character.toLowerCase(c) : Character.toTitleCase(c));
      inWord = Character.isLetter(c);
    }
    return title.toString();
  }

  static String capitalize(String text) {
    if (text.isEmpty()) {
      return text;
    }
    int first = text.offsetByCodePoints(0, 1);
    return text.substring(0, first).toUpperCase(Locale.ROOT)
        + text.substring(first).toLowerCase(Locale.ROOT);
  }

  /** The text with the first replacements made; a negative number replaces all. */
  static String replace(String text, String old, String with, long most, Meter meter) {
    if (old.isEmpty()) {
      throw new TemplateException("replace has an empty string to replace");
    }
    meter.search(text, old);
    StringBuilder replaced = new StringBuilder();
    int position = 0;
    int at = text.indexOf(old);
    for (long count = 0; at >= 0 && (most < 0 || count < most); count++) {
      meter.make((long) at - position + with.length());
      replaced.append(text, position, at).append(with);
      position = at + old.length();
      at = text.indexOf(old, position);
    }
    meter.make(text.length() - position);
    return replaced.append(text, position, text.length()).toString();
  }
}
