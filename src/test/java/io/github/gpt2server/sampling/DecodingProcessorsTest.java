package io.github.gpt2server.sampling;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.testing.NaiveRules;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The rules that edit logits, against their definitions written as plain loops. */
class DecodingProcessorsTest {
  private static final int ROWS = 2000;
  private static final float EXCLUDED = Float.NEGATIVE_INFINITY;

  /** A row of logits and the text before it, in few different tokens, so that it repeats itself. */
  private record Case(float[] logits, int[] prompt, int[] output) {

    static Case random(Random random) {
      int vocabulary = 1 + random.nextInt(60);
      int used = Math.min(vocabulary, 1 + random.nextInt(4));
      return new Case(
          RandomRows.logits(random, vocabulary),
          random.ints(random.nextInt(30), 0, used).toArray(),
          random.ints(random.nextInt(30), 0, used).toArray());
    }

    int[] text() {
      return IntStream.concat(IntStream.of(prompt), IntStream.of(output)).toArray();
    }

    TokenHistory history() {
      TokenHistory history = new TokenHistory(prompt);
      IntStream.of(output).forEach(history::add);
      return history;
    }

    float[] processed(LogitsProcessor processor) {
      FloatBuffer row = RandomRows.direct(logits);
      processor.process(row, history());
      return RandomRows.values(row);
    }

    float[] without(Set<Integer> tokens) {
      float[] left = logits.clone();
      tokens.forEach(token -> left[token] = EXCLUDED);
      return left;
    }
  }

  @Test
  void repeatsAreTheLengthsThatComparingFinds() {
    Random random = new Random(1);
    for (int row = 0; row < ROWS; row++) {
      int[] tokens = Case.random(random).text();
      int from = random.nextInt(tokens.length + 1);
      int to = from + random.nextInt(tokens.length - from + 1);
      int[] expected = new int[to - from];
      for (int k = 1; k < expected.length; k++) {
        while (to - 1 - k - expected[k] >= from
            && tokens[to - 1 - expected[k]] == tokens[to - 1 - k - expected[k]]) {
          expected[k]++;
        }
      }
      assertThat(SuffixRepeats.of(tokens, from, to)).as("row %d", row).isEqualTo(expected);
    }
  }

  @Test
  void allowedTokensExcludeTheOthers() {
    Random random = new Random(2);
    for (int row = 0; row < ROWS; row++) {
      int size = RandomRows.vocabularySize(random);
      Case c = new Case(RandomRows.logits(random, size), new int[0], new int[0]);
      int[] allowed = random.ints(1 + random.nextInt(5), 0, size).sorted().distinct().toArray();
      float[] expected = new float[size];
      Arrays.fill(expected, EXCLUDED);
      IntStream.of(allowed).forEach(token -> expected[token] = c.logits[token]);
      assertThat(c.processed(new AllowedTokens(allowed))).as("row %d", row).isEqualTo(expected);
    }
  }

  @Test
  void badWordsExcludeTheLastTokenAfterTheOthers() {
    Random random = new Random(3);
    int excluded = 0;
    for (int row = 0; row < ROWS; row++) {
      Case c = Case.random(random);
      List<int[]> words = new ArrayList<>();
      for (int i = random.nextInt(4); i >= 0; i--) {
        int used = Math.min(c.logits.length, 3);
        words.add(random.ints(1 + random.nextInt(3), 0, used).toArray());
      }
      Set<Integer> expected = new HashSet<>();
      for (int[] word : words) {
        int before = word.length - 1;
        if (c.output.length >= before
            && Arrays.equals(
                Arrays.copyOf(word, before),
                Arrays.copyOfRange(c.output, c.output.length - before, c.output.length))) {
          expected.add(word[before]);
        }
      }
      BadWords processor = new BadWords(words);
      assertThat(c.processed(processor)).as("row %d", row).isEqualTo(c.without(expected));
      assertThat(processor.edits(c.history())).isEqualTo(!expected.isEmpty());
      excluded += expected.size();
    }
    assertThat(excluded).isGreaterThan(ROWS / 2);
  }

  @Test
  void badWordsDoNotBeginInThePrompt() {
    Case c = new Case(new float[] {1, 1, 1}, new int[] {0}, new int[] {1});
    assertThat(c.processed(new BadWords(List.of(new int[] {0, 1, 2})))).containsExactly(1, 1, 1);
    assertThat(c.processed(new BadWords(List.of(new int[] {1, 2}))))
        .containsExactly(1, 1, EXCLUDED);
  }

  /** As in Hugging Face transformers, also of single tokens and longer than the text. */
  @Test
  void ngramsAreNotRepeated() {
    Random random = new Random(4);
    int excluded = 0;
    for (int row = 0; row < ROWS; row++) {
      Case c = Case.random(random);
      List<Integer> text = IntStream.of(c.text()).boxed().toList();
      int size =
          random.nextInt(5) == 0
              ? Math.max(1, text.size() - 1 + random.nextInt(4))
              : 1 + random.nextInt(5);
      Set<Integer> expected = NaiveRules.repeating(text, size);
      NoRepeatNgrams processor = new NoRepeatNgrams(size);
      assertThat(c.processed(processor)).as("row %d", row).isEqualTo(c.without(expected));
      assertThat(expected.isEmpty() || processor.edits(c.history())).isTrue();
      excluded += expected.size();
    }
    assertThat(excluded).isGreaterThan(ROWS);
    assertThat(
            new Case(new float[] {1, 1}, new int[] {0}, new int[] {1})
                .processed(new NoRepeatNgrams(Integer.MAX_VALUE)))
        .containsExactly(1, 1);
  }

  @Test
  void dryPenalisesTheContinuationOfRepetitions() {
    Random random = new Random(5);
    int penalised = 0;
    for (int row = 0; row < ROWS; row++) {
      Case c = Case.random(random);
      double multiplier = 3 * random.nextDouble();
      double base = random.nextInt(8) == 0 ? 1 : 1 + 2 * random.nextDouble();
      int allowed = random.nextInt(4);
      int range = random.nextBoolean() ? Integer.MAX_VALUE : 1 + random.nextInt(60);
      Breakers breakers = Breakers.random(random);
      DryPenalty processor =
          new DryPenalty(multiplier, base, allowed, range, breakers.forProcessor());

      int[] text = c.text();
      int[] searched = Arrays.copyOfRange(text, Math.max(0, text.length - range), text.length);
      float[] expected = c.logits.clone();
      Map<Integer, Integer> repetitions = repetitions(searched, allowed, breakers);
      for (int token : repetitions.keySet()) {
        double penalty = multiplier * Math.pow(base, repetitions.get(token) - allowed);
        expected[token] = (float) (expected[token] - penalty);
      }
      assertThat(c.processed(processor)).as("row %d, %s", row, breakers).isEqualTo(expected);
      assertThat(repetitions.isEmpty() || processor.edits(c.history())).isTrue();
      penalised += repetitions.size();
    }
    assertThat(penalised).isGreaterThan(ROWS / 2);
  }

  /** The longest repetition that each token would continue, of those long enough. */
  private static Map<Integer, Integer> repetitions(int[] text, int allowed, Breakers breakers) {
    Map<Integer, Integer> longest = new HashMap<>();
    int most = breakers.tokensAfterLast(text);
    if (text.length <= allowed) {
      return longest;
    }
    for (int next = 1; next < text.length; next++) {
      int length = 0;
      while (length < next
          && length < most
          && text[next - 1 - length] == text[text.length - 1 - length]) {
        length++;
      }
      if (length >= allowed && !breakers.single(text[next])) {
        longest.merge(text[next], length, Math::max);
      }
    }
    return longest;
  }

  @Test
  void dryFollowsTheFormulaOfItsDescription() {
    // After "0 1 2", the text "... 9 0 1 2" continues a repetition of 3 with 3, of 2 with 4.
    int[] text = {0, 1, 2, 3, 7, 1, 2, 4, 8, 0, 1, 2};
    Case c = new Case(new float[] {0, 0, 0, 0, 0, 0, 0, 0, 0}, text, new int[0]);
    DryPenalty penalty = new DryPenalty(0.5, 2, 2, Integer.MAX_VALUE, SequenceBreakers.NONE);
    assertThat(c.processed(penalty)).containsExactly(0, 0, 0, -1, -0.5f, 0, 0, 0, 0);
    assertThat(c.processed(new DryPenalty(0.5, 2, 3, Integer.MAX_VALUE, SequenceBreakers.NONE)))
        .containsExactly(0, 0, 0, -0.5f, 0, 0, 0, 0, 0);
    assertThat(c.processed(new DryPenalty(0.5, 2, 2, 8, SequenceBreakers.NONE)))
        .containsExactly(0, 0, 0, 0, -0.5f, 0, 0, 0, 0);
  }

  @Test
  void dryLeavesEveryLogitFinite() {
    int[] text = new int[1000];
    Case c = new Case(new float[] {-1, 1}, text, new int[0]);
    DryPenalty penalty = new DryPenalty(100, 100, 0, Integer.MAX_VALUE, SequenceBreakers.NONE);
    assertThat(c.processed(penalty)).containsExactly(-Float.MAX_VALUE, 1);
  }

  /**
   * Breakers over an alphabet of two letters, in which token {@code t} is the {@code t}-th word.
   *
   * @param sequences all token sequences that contain a breaker, as llama.cpp lists them
   */
  private record Breakers(List<String> strings, List<int[]> sequences) {
    private static final String[] WORDS = {"a", "b", "ab", "bab"};

    static Breakers random(Random random) {
      List<String> strings = new ArrayList<>();
      for (int i = random.nextInt(3); i > 0; i--) {
        strings.add(List.of("b", "ab", "aab", "abab", "ba", "c", "bb").get(random.nextInt(7)));
      }
      List<int[]> sequences = new ArrayList<>();
      for (String string : strings) {
        for (int token = 0; token < WORDS.length; token++) {
          if (WORDS[token].contains(string)) {
            sequences.add(new int[] {token});
            continue;
          }
          for (int common = 1; common < string.length(); common++) {
            if (WORDS[token].endsWith(string.substring(0, common))) {
              int[] rest = encode(string.substring(common));
              sequences.add(IntStream.concat(IntStream.of(token), IntStream.of(rest)).toArray());
            }
          }
        }
      }
      return new Breakers(strings, sequences);
    }

    /** One token a letter; c is none. */
    private static int[] encode(String string) {
      return string.chars().map(letter -> letter - 'a').toArray();
    }

    SequenceBreakers forProcessor() {
      List<SequenceBreakers.Breaker> breakers = new ArrayList<>();
      for (String string : strings) {
        int[][] rests = new int[string.length()][];
        for (int i = 1; i < string.length(); i++) {
          rests[i] = encode(string.substring(i));
        }
        breakers.add(new SequenceBreakers.Breaker(string.getBytes(StandardCharsets.UTF_8), rests));
      }
      return new SequenceBreakers(
          breakers,
          token -> (token < WORDS.length ? WORDS[token] : "?").getBytes(StandardCharsets.UTF_8));
    }

    boolean single(int token) {
      return sequences.stream().anyMatch(s -> s.length == 1 && s[0] == token);
    }

    int tokensAfterLast(int[] text) {
      for (int start = text.length - 1; start >= 0; start--) {
        int from = start;
        int longest =
            sequences.stream()
                .filter(s -> from + s.length <= text.length)
                .filter(s -> Arrays.equals(s, Arrays.copyOfRange(text, from, from + s.length)))
                .mapToInt(s -> s.length)
                .max()
                .orElse(0);
        if (longest > 0) {
          return text.length - start - longest;
        }
      }
      return text.length;
    }
  }
}
