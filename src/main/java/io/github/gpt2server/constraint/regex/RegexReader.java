package io.github.gpt2server.constraint.regex;

import io.github.gpt2server.constraint.automaton.DeterministicBuilder;
import io.github.gpt2server.constraint.automaton.Fragment;
import io.github.gpt2server.constraint.automaton.Repetition;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/**
 * Reads a regular expression in ECMAScript's syntax. Supported are literals, {@code .}, classes,
 * {@code \d \w \s} and their complements (ASCII digits and letters, as in ECMAScript), {@code
 * \p{L}} with a general category's short name or {@code Script=}, groups, {@code |}, {@code * + ?
 * {n} {n,} {n,m}} (lazy ones mean the same, because whole texts are matched), and {@code ^} and
 * {@code $} at the ends. Everything else is refused by name.
 */
public final class RegexReader {
  private static final int MAX_LENGTH = 5_000;
  private static final int MAX_DEPTH = 100;
  private static final int MAX_REPETITIONS = 100_000;

  /** Characters that stand for themselves after a backslash. */
  private static final String PUNCTUATION = "^$\\.*+?()[]{}|/-!\"#%&',:;<=>@_`~ ";

  private final DeterministicBuilder builder;
  private final int[] pattern;
  private int next;
  private int depth;

  /** Whether the alternative being read at the top began with {@code ^}, and ended with $. */
  private boolean anchoredStart;

  private boolean anchoredEnd;

  private RegexReader(String pattern, DeterministicBuilder builder) {
    this.pattern = pattern.codePoints().toArray();
    this.builder = builder;
  }

  /**
   * The texts that an expression matches from beginning to end.
   *
   * @throws RegexException if the expression is wrong or has what is not supported
   */
  public static Fragment whole(String pattern, DeterministicBuilder builder) {
    return new RegexReader(pattern, builder).read(false);
  }

  /**
   * The texts in which an expression is found, as JSON Schema's {@code pattern} is meant.
   *
   * @throws RegexException as {@link #whole} does
   */
  public static Fragment anywhere(String pattern, DeterministicBuilder builder) {
    return new RegexReader(pattern, builder).read(true);
  }

  private Fragment read(boolean anywhere) {
    if (pattern.length > MAX_LENGTH) {
      throw new RegexException(
          "it has %d characters, but the limit is %d".formatted(pattern.length, MAX_LENGTH));
    }
    Fragment any = Fragment.star(builder.character(CharacterSets.all()));
    List<Fragment> alternatives = new ArrayList<>();
    do {
      anchoredStart = false;
      anchoredEnd = false;
      Fragment alternative = alternative();
      alternatives.add(
          anywhere
              ? Fragment.sequence(
                  anchoredStart ? Fragment.EMPTY : any,
                  alternative,
                  anchoredEnd ? Fragment.EMPTY : any)
              : alternative);
    } while (skip('|'));
    if (next < pattern.length) {
      throw error("an unmatched )", "write \\) for the character");
    }
    return Fragment.alternatives(alternatives);
  }

  private Fragment alternative() {
    List<Fragment> terms = new ArrayList<>();
    while (next < pattern.length && pattern[next] != '|' && pattern[next] != ')') {
      if (pattern[next] == '^') {
        anchorStart(terms);
      } else if (pattern[next] == '$') {
        anchorEnd();
      } else {
        terms.add(repeated(atom()));
      }
    }
    return Fragment.sequence(terms);
  }

  private void anchorStart(List<Fragment> terms) {
    if (depth > 0 || !terms.isEmpty() || anchoredStart) {
      throw error(
          "^ in the middle", "it can only begin the expression; write \\^ for the character");
    }
    anchoredStart = true;
    next++;
  }

  private void anchorEnd() {
    next++;
    if (depth > 0 || (next < pattern.length && pattern[next] != '|')) {
      next--;
      throw error("$ in the middle", "it can only end the expression; write \\$ for the character");
    }
    anchoredEnd = true;
  }

  private Fragment atom() {
    int c = pattern[next];
    if (quantifier(false) != null) {
      String name = Character.toString(c);
      throw error("nothing to repeat before " + name, "write \\" + name + " for the character");
    }
    return switch (c) {
      case '(' -> group();
      case '[' -> builder.character(new ClassReader().read());
      case '\\' -> builder.character(escape(false));
      default -> {
        next++;
        yield c == '.' ? builder.character(CharacterSets.dot()) : literal(c);
      }
    };
  }

  private Fragment literal(int codePoint) {
    if (codePoint >= Character.MIN_SURROGATE && codePoint <= Character.MAX_SURROGATE) {
      throw error("half of a surrogate pair", "write the whole character");
    }
    return Fragment.text(Character.toString(codePoint));
  }

  private Fragment group() {
    int start = next++;
    if (skip('?')) {
      groupKind(start);
    }
    if (++depth > MAX_DEPTH) {
      throw error("groups more than " + MAX_DEPTH + " deep", "nest fewer");
    }
    List<Fragment> alternatives = new ArrayList<>();
    do {
      alternatives.add(alternative());
    } while (skip('|'));
    if (!skip(')')) {
      next = start;
      throw error("a ( without its )", "write \\( for the character");
    }
    depth--;
    return Fragment.alternatives(alternatives);
  }

  private void groupKind(int start) {
    if (skip(':')) {
      return;
    }
    skip('P');
    boolean named = skip('<');
    if (named && next < pattern.length && Character.isLetter(pattern[next])) {
      while (next < pattern.length
          && (Character.isLetterOrDigit(pattern[next]) || pattern[next] == '_')) {
        next++;
      }
      if (skip('>')) {
        return;
      }
    }
    String kind =
        named || look() == '=' || look() == '!'
            ? "look-ahead or look-behind"
            : "a group of this kind";
    next = start;
    throw error(kind, "no automaton can do that; use (…), (?:…) or (?<name>…)");
  }

  private Fragment repeated(Fragment atom) {
    Fragment result = atom;
    int[] times = quantifier(true);
    if (times == null) {
      return result;
    }
    result = Fragment.repeat(result, times[0], times[1]);
    if (look() == '+') {
      throw error("a possessive repetition", "remove the second +");
    }
    // Lazy repetitions match the same texts.
    skip('?');
    if (look() == '*' || look() == '+' || look() == '?' || quantifier(false) != null) {
      throw error("a repetition of a repetition", "put the first one in a group");
    }
    return result;
  }

  /** The numbers of a quantifier, or null; a brace that is none is an ordinary character. */
  private int[] quantifier(boolean take) {
    int start = next;
    int[] times =
        switch (look()) {
          case '*' -> new int[] {0, Repetition.UNBOUNDED};
          case '+' -> new int[] {1, Repetition.UNBOUNDED};
          case '?' -> new int[] {0, 1};
          case '{' -> braces();
          default -> null;
        };
    if (times != null && pattern[start] != '{') {
      next++;
    }
    if (times == null || !take) {
      next = start;
    }
    return times;
  }

  private int[] braces() {
    int start = next++;
    int least = number(start);
    int most = least;
    if (least >= 0 && skip(',')) {
      most = look() == '}' ? Repetition.UNBOUNDED : number(start);
    }
    if (least < 0 || most < 0 || !skip('}')) {
      next = start;
      return null;
    }
    if (most < least) {
      next = start;
      throw error("a repetition from %d to %d".formatted(least, most), "swap the numbers");
    }
    return new int[] {least, most};
  }

  private int number(int start) {
    int digits = next;
    long value = 0;
    while (look() >= '0' && look() <= '9') {
      value = Math.min(Integer.MAX_VALUE, 10 * value + pattern[next++] - '0');
    }
    if (value > MAX_REPETITIONS) {
      next = start;
      throw error("a repetition of " + value, "repeat at most " + MAX_REPETITIONS + " times");
    }
    return next == digits ? -1 : (int) value;
  }

  /** The set that an escape stands for. */
  private BitSet escape(boolean inClass) {
    int start = next++;
    if (next == pattern.length) {
      next = start;
      throw error("a \\ at the end", "write \\\\ for the character");
    }
    int c = pattern[next++];
    BitSet shorthand = CharacterSets.shorthand(c);
    if (shorthand != null) {
      return shorthand;
    }
    int control = "tnrfv0".indexOf(c);
    if (control >= 0 && !(c == '0' && Character.isDigit(look()))) {
      return CharacterSets.of("\t\n\r\f\u000b\0".substring(control, control + 1));
    }
    if (PUNCTUATION.indexOf(c) >= 0) {
      return CharacterSets.of(Character.toString(c));
    }
    if (c == 'b' && inClass) {
      return CharacterSets.of("\b");
    }
    if (c == 'x' || c == 'u') {
      return codePoint(start, c == 'x' ? 2 : 4);
    }
    if (c == 'p' || c == 'P') {
      return property(start, c == 'P');
    }
    next = start;
    String name = "\\" + Character.toString(c);
    throw Character.isDigit(c) || c == 'k'
        ? error(
            "the back-reference " + name, "no automaton can do that; write the alternatives out")
        : error(
            name,
            "it is not supported; "
                + (c == 'b' || c == 'B' ? "remove it" : "write the character itself"));
  }

  private BitSet codePoint(int start, int digits) {
    boolean braces = digits == 4 && skip('{');
    int value = 0;
    int read = 0;
    while (Character.digit(look(), 16) >= 0 && read < (braces ? 6 : digits)) {
      value = 16 * value + Character.digit(pattern[next++], 16);
      read++;
    }
    boolean complete = braces ? read > 0 && skip('}') : read == digits;
    if (!complete || value > Character.MAX_CODE_POINT) {
      next = start;
      throw error("an incomplete \\x or \\u", "write \\xHH, \\uHHHH or \\u{H…}");
    }
    if (value >= Character.MIN_SURROGATE && value <= Character.MAX_SURROGATE) {
      next = start;
      throw error("half of a surrogate pair", "write the character, or \\u{H…}");
    }
    BitSet set = new BitSet();
    set.set(value);
    return set;
  }

  private BitSet property(int start, boolean complement) {
    StringBuilder name = new StringBuilder();
    if (skip('{')) {
      while (next < pattern.length && pattern[next] != '}') {
        name.appendCodePoint(pattern[next++]);
      }
    }
    BitSet set = skip('}') ? CharacterSets.property(name.toString()) : null;
    if (set == null) {
      next = start;
      throw error(
          "an unknown property",
          "use a general category such as \\p{L} or \\p{Lu}, or a script such as \\p{Script=Greek}");
    }
    if (complement) {
      set.flip(0, CharacterSets.COUNT);
    }
    return set;
  }

  private int look() {
    return next < pattern.length ? pattern[next] : -1;
  }

  private boolean skip(int c) {
    boolean there = look() == c;
    if (there) {
      next++;
    }
    return there;
  }

  private RegexException error(String what, String advice) {
    return new RegexException("it has %s at character %d; %s".formatted(what, next + 1, advice));
  }

  /** Reads a class in brackets. */
  private final class ClassReader {
    private final BitSet set = new BitSet();

    BitSet read() {
      int start = next++;
      boolean complement = skip('^');
      while (look() != ']') {
        if (next == pattern.length) {
          next = start;
          throw error("a [ without its ]", "write \\[ for the character");
        }
        member();
      }
      next++;
      if (complement) {
        set.flip(0, CharacterSets.COUNT);
      }
      return set;
    }

    private void member() {
      if (look() == '[' && next + 1 < pattern.length && pattern[next + 1] == ':') {
        throw error("a POSIX class", "use \\d, \\w, \\s, \\p{…} or a range");
      }
      if (look() == '&' && next + 1 < pattern.length && pattern[next + 1] == '&') {
        throw error("&& in a class", "it is not supported; write the characters");
      }
      int start = next;
      BitSet first = one();
      boolean range = look() == '-' && next + 1 < pattern.length && pattern[next + 1] != ']';
      if (!range) {
        set.or(first);
        return;
      }
      next++;
      BitSet last = one();
      int low = first.nextSetBit(0);
      int high = last.nextSetBit(0);
      if (first.cardinality() != 1 || last.cardinality() != 1 || high < low) {
        next = start;
        throw error("a range that is none", "write the lower character first, or \\- for a hyphen");
      }
      set.set(low, high + 1);
    }

    private BitSet one() {
      if (look() == '\\') {
        return escape(true);
      }
      if (next == pattern.length) {
        throw error("a class without its ]", "write \\[ for the character");
      }
      BitSet set = new BitSet();
      set.set(pattern[next++]);
      return set;
    }
  }
}
