package io.github.gpt2server.constraint.regex;

import java.util.BitSet;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.IntPredicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Sets of code points that regular expressions name, as ECMAScript defines them. */
final class CharacterSets {
  static final int COUNT = Character.MAX_CODE_POINT + 1;

  /** General categories by name, such as {@code Lu}; two-letter names alone. */
  private static final Map<String, Integer> CATEGORIES = categories();

  /** Sets that take a look at every code point, by their names. */
  private static final Map<String, BitSet> KNOWN = new ConcurrentHashMap<>();

  private CharacterSets() {}

  /** Every code point. */
  static BitSet all() {
    BitSet set = new BitSet(COUNT);
    set.set(0, COUNT);
    return set;
  }

  /** What {@code .} stands for: all but the ends of lines. */
  static BitSet dot() {
    BitSet set = of("\n\r\u2028\u2029");
    set.flip(0, COUNT);
    return set;
  }

  /** The characters of a string. */
  static BitSet of(String characters) {
    BitSet set = new BitSet();
    characters.codePoints().forEach(set::set);
    return set;
  }

  /** The set of {@code \d}, {@code \w}, {@code \s} or their complements; null for other letters. */
  static BitSet shorthand(int letter) {
    BitSet set =
        switch (Character.toLowerCase(letter)) {
          case 'd' -> digits();
          case 'w' -> word();
          case 's' -> space();
          default -> null;
        };
    if (set != null && Character.isUpperCase(letter)) {
      set.flip(0, COUNT);
    }
    return set;
  }

  private static BitSet digits() {
    BitSet set = new BitSet();
    set.set('0', '9' + 1);
    return set;
  }

  private static BitSet word() {
    BitSet set = digits();
    set.set('A', 'Z' + 1);
    set.set('a', 'z' + 1);
    set.set('_');
    return set;
  }

  /** ECMAScript's WhiteSpace and LineTerminator. */
  private static BitSet space() {
    BitSet set = of("\t\u000b\f\ufeff\n\r\u2028\u2029");
    set.or(property("Zs"));
    return set;
  }

  /**
   * The code points of a general category, such as {@code L} or {@code Lu}, or of a script, as in
   * {@code Script=Greek}; null if there is none of this name.
   */
  static BitSet property(String name) {
    BitSet set = KNOWN.get(name);
    if (set == null) {
      set = compute(name);
      if (set == null) {
        return null;
      }
      KNOWN.put(name, set);
    }
    return (BitSet) set.clone();
  }

  private static BitSet compute(String name) {
    String script =
        name.startsWith("Script=")
            ? name.substring(7)
            : name.startsWith("sc=") ? name.substring(3) : null;
    if (script != null) {
      try {
        Character.UnicodeScript wanted = Character.UnicodeScript.forName(script);
        return where(point -> Character.UnicodeScript.of(point) == wanted);
      } catch (IllegalArgumentException unknown) {
        return null;
      }
    }
    var types =
        CATEGORIES.entrySet().stream()
            .filter(
                entry ->
                    entry.getKey().equals(name)
                        || (name.length() == 1 && entry.getKey().startsWith(name)))
            .map(Map.Entry::getValue)
            .collect(Collectors.toSet());
    return types.isEmpty() ? null : where(point -> types.contains(Character.getType(point)));
  }

  private static BitSet where(IntPredicate condition) {
    BitSet set = new BitSet(COUNT);
    IntStream.range(0, COUNT).filter(condition).forEach(set::set);
    return set;
  }

  private static Map<String, Integer> categories() {
    String names =
        "Cn Lu Ll Lt Lm Lo Mn Me Mc Nd Nl No Zs Zl Zp Cc Cf - Co Cs Pd Ps Pe Pc Po Sm Sc Sk So Pi Pf";
    String[] byType = names.split(" ", -1);
    return IntStream.range(0, byType.length)
        .filter(type -> !byType[type].equals("-"))
        .boxed()
        .collect(Collectors.toUnmodifiableMap(type -> byType[type], type -> type));
  }
}
