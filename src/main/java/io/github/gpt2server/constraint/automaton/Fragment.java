package io.github.gpt2server.constraint.automaton;

import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * A language of byte strings, as instructions to add an automaton for it between two states. Plain
 * data: nothing is built before {@link DeterministicBuilder} has compared the size with the limit,
 * so that {@code (a{1000}){1000}} costs nothing.
 */
public interface Fragment {

  /** The language without any string, not even the empty one. */
  Fragment NOTHING = new Alternatives(List.of(), 0);

  /** The language of the empty string alone. */
  Fragment EMPTY = new Sequence(List.of(), 1);

  /** Number of states that {@link #emit} adds at most; saturates. */
  long size();

  /**
   * Adds paths for exactly the strings of this language. Adds no transition into {@code from} and
   * none out of {@code to}, so that languages with common ends do not mix.
   */
  void emit(Nfa nfa, int from, int to);

  /** One byte from {@code low} to {@code high}, both from 0 to 255 and included. */
  static Fragment range(int low, int high) {
    return new ByteRange(low, high);
  }

  /** One ASCII character of those given. */
  static Fragment anyOf(String ascii) {
    return alternatives(ascii.chars().mapToObj(c -> range(c, c)).toList());
  }

  /** The UTF-8 form of a text. */
  static Fragment text(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    return new Literal(bytes);
  }

  /** One language after the other. */
  static Fragment sequence(Fragment... parts) {
    return sequence(List.of(parts));
  }

  /** One language after the other. */
  static Fragment sequence(List<Fragment> parts) {
    return parts.contains(NOTHING) ? NOTHING : new Sequence(List.copyOf(parts), size(parts));
  }

  /** The union of languages. */
  static Fragment alternatives(Fragment... parts) {
    return alternatives(List.of(parts));
  }

  /** The union of languages. */
  static Fragment alternatives(List<Fragment> parts) {
    List<Fragment> some = parts.stream().filter(part -> part != NOTHING).toList();
    return some.isEmpty() ? NOTHING : new Alternatives(some, size(some));
  }

  /** The language and the empty string. */
  static Fragment optional(Fragment part) {
    return repeat(part, 0, 1);
  }

  /** Any number of strings of a language in a row. */
  static Fragment star(Fragment part) {
    return repeat(part, 0, Repetition.UNBOUNDED);
  }

  /**
   * Strings of a language in a row.
   *
   * @param most largest number of them, or {@link Repetition#UNBOUNDED}
   */
  static Fragment repeat(Fragment part, int least, int most) {
    if (part == NOTHING) {
      return least == 0 ? EMPTY : NOTHING;
    }
    return new Repetition(part, least, most);
  }

  private static long size(List<Fragment> parts) {
    long size = parts.size();
    for (Fragment part : parts) {
      size = Math.min(Integer.MAX_VALUE, size + part.size());
    }
    return size;
  }
}
