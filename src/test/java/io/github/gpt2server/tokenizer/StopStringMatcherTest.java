package io.github.gpt2server.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

class StopStringMatcherTest {

  @Test
  void showsEverythingWithoutStopStrings() {
    StopStringMatcher matcher = new StopStringMatcher(List.of(), false);
    assertThat(matcher.append("abc")).isEqualTo("abc");
    assertThat(matcher.finish()).isEmpty();
    assertThat(matcher.matched()).isEmpty();
  }

  @Test
  void aCopyGoesOnFromHereByItself() {
    StopStringMatcher matcher = new StopStringMatcher(List.of("abab"), false);
    assertThat(matcher.append("xaba")).isEqualTo("x");
    StopStringMatcher copy = matcher.copy();
    assertThat(copy.append("c")).isEqualTo("abac");
    assertThat(matcher.copy().append("b")).isEmpty();
    assertThat(matcher.matched()).isEmpty();
    assertThat(matcher.append("bd")).isEmpty();
    assertThat(matcher.matched()).contains("abab");
    assertThat(matcher.copy().matched()).contains("abab");
    assertThat(copy.matched()).isEmpty();
  }

  @Test
  void holdsBackWhatMayBecomeAStopString() {
    StopStringMatcher matcher = new StopStringMatcher(List.of("\n\n"), false);
    assertThat(matcher.append("one\n")).isEqualTo("one");
    assertThat(matcher.append("two\n")).isEqualTo("\ntwo");
    assertThat(matcher.append("\nthree")).isEmpty();
    assertThat(matcher.matched()).contains("\n\n");
    assertThat(matcher.append("four")).isEmpty();
    assertThat(matcher.finish()).isEmpty();
  }

  @Test
  void givesBackWhatItHeldWhenTheTextEnds() {
    StopStringMatcher matcher = new StopStringMatcher(List.of("END"), false);
    assertThat(matcher.append("the EN")).isEqualTo("the ");
    assertThat(matcher.finish()).isEqualTo("EN");
    assertThat(matcher.matched()).isEmpty();
  }

  @Test
  void findsAStopStringThatOverlapsItself() {
    assertThat(run(List.of("aab"), false, "aaab", "c")).isEqualTo(new Result("a", "aab"));
    assertThat(run(List.of("abab"), false, "aba", "bab")).isEqualTo(new Result("", "abab"));
  }

  @Test
  void includesTheStopStringIfAsked() {
    assertThat(run(List.of("🐉é"), true, "a🐉", "éb")).isEqualTo(new Result("a🐉é", "🐉é"));
    assertThat(run(List.of("🐉é"), false, "a🐉", "éb")).isEqualTo(new Result("a", "🐉é"));
  }

  @Test
  void theStopStringThatIsCompleteFirstWins() {
    assertThat(run(List.of("abc", "ab"), false, "xabc")).isEqualTo(new Result("x", "ab"));
    assertThat(run(List.of("abcd", "bc"), false, "xabcd")).isEqualTo(new Result("xa", "bc"));
  }

  @Test
  void ofSeveralCompleteAtOnceTheLongestWins() {
    assertThat(run(List.of("c", "abc", "bc"), false, "xabc")).isEqualTo(new Result("x", "abc"));
  }

  @Test
  void refusesStopStringsThatCannotBe() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new StopStringMatcher(List.of("a", ""), false));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new StopStringMatcher(List.of("\udc09"), false));
  }

  @Test
  void agreesWithAPlainRestatementHoweverTheTextIsCut() {
    Random random = new Random(1);
    int matches = 0;
    for (int i = 0; i < 50_000; i++) {
      List<String> stops = new ArrayList<>();
      for (int j = random.nextInt(4); j > 0; j--) {
        stops.add(randomText(random, 1 + random.nextInt(5)));
      }
      boolean include = random.nextBoolean();
      String text = randomText(random, random.nextInt(30));

      Result expected = plain(stops, include, text);
      matches += expected.matched() == null ? 0 : 1;
      StopStringMatcher matcher = new StopStringMatcher(stops, include);
      StringBuilder shown = new StringBuilder();
      for (int from = 0; from < text.length(); ) {
        int codePoints = text.codePointCount(from, text.length());
        int to = text.offsetByCodePoints(from, Math.min(codePoints, random.nextInt(4)));
        shown.append(matcher.append(text.substring(from, to)));
        from = to;
        if (matcher.matched().isEmpty()) {
          String seen = text.substring(0, to);
          assertThat(shown.toString()).isEqualTo(seen.substring(0, plainSafe(stops, seen)));
        }
      }
      shown.append(matcher.finish());
      Optional<String> matched = matcher.matched();
      assertThat(new Result(shown.toString(), matched.orElse(null))).isEqualTo(expected);
    }
    assertThat(matches).isBetween(10_000, 40_000);
  }

  private record Result(String shown, String matched) {}

  private static Result run(List<String> stops, boolean include, String... pieces) {
    StopStringMatcher matcher = new StopStringMatcher(stops, include);
    StringBuilder shown = new StringBuilder();
    for (String piece : pieces) {
      shown.append(matcher.append(piece));
    }
    shown.append(matcher.finish());
    return new Result(shown.toString(), matcher.matched().orElse(null));
  }

  /** The match with the first end; of several the longest. */
  private static Result plain(List<String> stops, boolean include, String text) {
    int end = Integer.MAX_VALUE;
    String matched = null;
    for (String stop : stops) {
      int start = text.indexOf(stop);
      if (start < 0) {
        continue;
      }
      int stopEnd = start + stop.length();
      if (stopEnd < end || (stopEnd == end && stop.length() > matched.length())) {
        end = stopEnd;
        matched = stop;
      }
    }
    if (matched == null) {
      return new Result(text, null);
    }
    return new Result(text.substring(0, include ? end : end - matched.length()), matched);
  }

  /** Where the longest suffix begins that some stop string begins with. */
  private static int plainSafe(List<String> stops, String seen) {
    for (int start = 0; start < seen.length(); start++) {
      String suffix = seen.substring(start);
      if (stops.stream().anyMatch(stop -> stop.startsWith(suffix))) {
        return start;
      }
    }
    return seen.length();
  }

  private static String randomText(Random random, int codePoints) {
    List<String> alphabet = List.of("a", "b", "é", "🐉", "🐊");
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < codePoints; i++) {
      text.append(alphabet.get(random.nextInt(alphabet.size())));
    }
    return text.toString();
  }
}
