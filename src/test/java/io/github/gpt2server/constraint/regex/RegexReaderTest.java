package io.github.gpt2server.constraint.regex;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.gpt2server.constraint.automaton.AutomatonLimits;
import io.github.gpt2server.constraint.automaton.ByteAutomaton;
import io.github.gpt2server.constraint.automaton.DeterministicBuilder;
import io.github.gpt2server.constraint.automaton.TooComplexException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Compares the automata with java.util.regex, on every short text over a small alphabet. */
class RegexReaderTest {
  private static final List<String> ALPHABET = List.of("a", "b", "1", "é", "€", "😀", "\n");

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "abc",
        "a|b|",
        "(a|bé)*",
        "a+?b*?1??",
        "[ab]{2,3}",
        "[ab]{2}",
        "[ab]{2,}",
        "[^ab]*",
        ".*",
        ".{2}",
        "(?:a|b)(?<name>1)?€",
        "^ab$",
        "[a-bé€]+",
        "[€-😀]",
        "\\d\\D",
        "\\w+\\s?",
        "\\W\\S*",
        "[\\d\\s]+",
        "[^\\w]",
        "\\p{L}+",
        "\\P{L}",
        "[\\p{So}€]",
        "\\u20ac|\\x61",
        "a{0}",
        "(a*)*",
        "((a|b)*1)*",
        "a{b",
        "}",
        "]",
        "(|a)(b|)",
        "\\$|\\.|a\\+",
        "[a\\-1]",
        "[-a]",
        "[a-]",
        "(?:a(?:b(?:1)))"
      })
  void matchesWhatJavasDoes(String pattern) {
    // Java wants this brace escaped.
    compare(pattern, pattern.replace("a{b", "a\\{b"));
  }

  @Test
  void randomPatternsMatchWhatJavasDo() {
    Random random = new Random(20);
    int matching = 0;
    for (int i = 0; i < 400; i++) {
      String pattern = pattern(random, 3);
      matching += compare(pattern, pattern);
    }
    assertThat(matching).isGreaterThan(20_000);
  }

  @Test
  void findsWhatJavasFinds() {
    Random random = new Random(21);
    for (int i = 0; i < 150; i++) {
      String pattern =
          (random.nextBoolean() ? "^" : "")
              + pattern(random, 2)
              + (random.nextBoolean() ? "$" : "");
      Pattern javas = Pattern.compile(pattern.replace("$", "\\z"));
      DeterministicBuilder builder = builder();
      ByteAutomaton automaton = builder.finish(RegexReader.anywhere(pattern, builder));
      for (String text : texts(3)) {
        assertThat(automaton.matches(text.getBytes(UTF_8)))
            .as("%s in %s", pattern, text)
            .isEqualTo(javas.matcher(text).find());
      }
    }
  }

  @Test
  void eachAlternativeHasItsOwnAnchors() {
    DeterministicBuilder builder = builder();
    ByteAutomaton automaton = builder.finish(RegexReader.anywhere("^a|b$|^1$", builder));
    assertThat(texts(3).stream().filter(text -> automaton.matches(text.getBytes(UTF_8))).toList())
        .isEqualTo(
            texts(3).stream()
                .filter(text -> text.startsWith("a") || text.endsWith("b") || text.equals("1"))
                .toList());
  }

  @Test
  void oneCharacterIsExactlyItsUtf8() {
    DeterministicBuilder builder = builder();
    ByteAutomaton automaton = builder.finish(RegexReader.whole("[^\n]", builder));
    for (int point = 0; point < CharacterSets.COUNT; point++) {
      boolean surrogate = point >= Character.MIN_SURROGATE && point <= Character.MAX_SURROGATE;
      if (!surrogate && automaton.matches(utf8(point)) != (point != '\n')) {
        assertThat(point).as("U+%04X", point).isNegative();
      }
    }
    // All of them, so that nothing else can be among what is accepted.
    assertThat(accepted(automaton, 0, 5)).isEqualTo(CharacterSets.COUNT - 0x800 - 1);
  }

  private static byte[] utf8(int point) {
    return Character.toString(point).getBytes(UTF_8);
  }

  /** The number of strings of up to {@code length} bytes that lead from a state to a final one. */
  private static long accepted(ByteAutomaton automaton, int state, int length) {
    long count = automaton.accepts(state) ? 1 : 0;
    for (int value = 0; value < 256 && length > 0; value++) {
      int next = automaton.next(state, (byte) value);
      count += next == ByteAutomaton.DEAD ? 0 : accepted(automaton, next, length - 1);
    }
    return count;
  }

  @Test
  void setsAreThoseOfUnicode() {
    for (String name :
        "L Lu Ll Lt Lm Lo M Mn Me Mc N Nd Nl No P Pd Ps Pe Pc Po Pi Pf S Sm Sc Sk So Z Zs Zl Zp C Cc Cf Co Cn"
            .split(" ", -1)) {
      assertSet("\\p{" + name + "}", CharacterSets.property(name));
    }
    assertSet("\\p{IsGREEK}", CharacterSets.property("Script=Greek"));
    assertSet("[\\t\\n\\x0b\\f\\r\\ufeff\\u2028\\u2029\\p{Zs}]", CharacterSets.shorthand('s'));
    assertSet("[^\\n\\r\\u2028\\u2029]", CharacterSets.dot());
    assertThat(CharacterSets.property("Greek")).isNull();
    assertThat(CharacterSets.property("X")).isNull();
  }

  private static void assertSet(String javas, BitSet set) {
    Pattern pattern = Pattern.compile(javas);
    for (int point = 0; point < CharacterSets.COUNT; point++) {
      if (set.get(point) != pattern.matcher(Character.toString(point)).matches()) {
        assertThat(point).as("U+%04X and %s", point, javas).isNegative();
      }
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '!',
      quoteCharacter = '~',
      value = {
        "(a)\\1 ! it has the back-reference \\1 at character 4",
        "(?<x>a)\\k<x> ! it has the back-reference \\k at character 8",
        "(?=a)b ! it has look-ahead or look-behind at character 1",
        "a(?<=a) ! it has look-ahead or look-behind at character 2",
        "(?i)a ! it has a group of this kind at character 1",
        "\\bword ! it has \\b at character 1",
        "a++ ! it has a possessive repetition at character 3",
        "a** ! it has a repetition of a repetition at character 3",
        "a^b ! it has ^ in the middle at character 2",
        "(^a) ! it has ^ in the middle at character 2",
        "a$b ! it has $ in the middle at character 2",
        "*a ! it has nothing to repeat before * at character 1",
        "{2}a ! it has nothing to repeat before { at character 1",
        "(a ! it has a ( without its ) at character 1",
        "a) ! it has an unmatched ) at character 2",
        "[a ! it has a [ without its ] at character 1",
        "[b-a] ! it has a range that is none at character 2",
        "[[:digit:]] ! it has a POSIX class at character 2",
        "a{3,2} ! it has a repetition from 3 to 2 at character 2",
        "a{100001} ! it has a repetition of 100001 at character 2",
        "\\q ! it has \\q at character 1",
        "\\ ! it has a \\ at the end at character 1",
        "\\p{Foo} ! it has an unknown property at character 1",
        "\\ud83d ! it has half of a surrogate pair at character 1",
        "\\u12 ! it has an incomplete \\x or \\u at character 1"
      })
  void whatIsNotSupportedIsNamed(String pattern, String message) {
    assertThatThrownBy(() -> RegexReader.whole(pattern.strip(), builder()))
        .isInstanceOf(RegexException.class)
        .hasMessageStartingWith(message.strip() + "; ");
  }

  @Test
  void longExpressionsAndManyClassesAreRefused() {
    assertThatThrownBy(() -> RegexReader.whole("a".repeat(5001), builder()))
        .isInstanceOf(RegexException.class)
        .hasMessage("it has 5001 characters, but the limit is 5000");
    StringBuilder classes = new StringBuilder();
    for (int i = 0; i < 1200; i++) {
      classes.append("[^").append((char) (0x4e00 + i)).append(']');
    }
    assertThatThrownBy(() -> RegexReader.whole(classes.toString(), builder()))
        .isInstanceOf(TooComplexException.class)
        .hasMessage("it has more than 1000 different character classes");
  }

  @Test
  void groupsCannotBeNestedWithoutEnd() {
    String deep = "(".repeat(2_000) + ")".repeat(2_000);
    assertThatThrownBy(() -> RegexReader.whole(deep, builder()))
        .isInstanceOf(RegexException.class)
        .hasMessageContaining("groups more than 100 deep");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "(a{1000}){1000}",
        "(((((a{9}){9}){9}){9}){9}){9}",
        "(a?){1000}a{1000}",
        "(a|b)*a(a|b){60}",
        "(.{0,50}a){5}",
        "(.|..|...|....){0,500}",
        "\\p{L}{100000}",
        "(\\p{L}|\\p{N}){0,5000}"
      })
  void whatExplodesIsRefusedAfterFewSteps(String pattern) {
    int[] steps = {0};
    DeterministicBuilder builder =
        new DeterministicBuilder(AutomatonLimits.DEFAULT, () -> steps[0]++);
    assertThatThrownBy(() -> builder.finish(RegexReader.whole(pattern, builder)))
        .isInstanceOf(TooComplexException.class);
    assertThat(steps[0]).isLessThan(10);
  }

  /** Returns how many texts match. */
  private static int compare(String pattern, String javas) {
    DeterministicBuilder builder = builder();
    ByteAutomaton automaton = builder.finish(RegexReader.whole(pattern, builder));
    Pattern expected = Pattern.compile(javas);
    int matching = 0;
    for (String text : texts(4)) {
      boolean matches = expected.matcher(text).matches();
      matching += matches ? 1 : 0;
      if (automaton.states() == 0) {
        assertThat(matches).as("%s and %s", pattern, text).isFalse();
      } else if (automaton.matches(text.getBytes(UTF_8)) != matches) {
        assertThat(automaton.matches(text.getBytes(UTF_8)))
            .as("%s and %s", pattern, text)
            .isEqualTo(matches);
      }
    }
    return matching;
  }

  private static String pattern(Random random, int depth) {
    int kind = depth == 0 ? random.nextInt(3) : random.nextInt(8);
    return switch (kind) {
      case 0 -> ALPHABET.get(random.nextInt(6));
      case 1 ->
          "[" + (random.nextInt(3) == 0 ? "^" : "") + "b1" + ALPHABET.get(random.nextInt(6)) + "]";
      case 2 -> List.of(".", "\\d", "\\w", "\\W", "\\S").get(random.nextInt(5));
      case 3, 4 -> pattern(random, depth - 1) + pattern(random, depth - 1);
      case 5 -> "(" + pattern(random, depth - 1) + "|" + pattern(random, depth - 1) + ")";
      default ->
          "(?:"
              + pattern(random, depth - 1)
              + ")"
              + List.of("*", "+", "?", "{2}", "{1,2}", "{0,3}", "*?").get(random.nextInt(7));
    };
  }

  private static List<String> texts(int length) {
    List<String> texts = new ArrayList<>(List.of(""));
    int start = 0;
    for (int i = 0; i < length; i++) {
      int end = texts.size();
      for (; start < end; start++) {
        for (String letter : ALPHABET) {
          texts.add(texts.get(start) + letter);
        }
      }
    }
    return texts;
  }

  private static DeterministicBuilder builder() {
    return new DeterministicBuilder(AutomatonLimits.DEFAULT, () -> {});
  }
}
