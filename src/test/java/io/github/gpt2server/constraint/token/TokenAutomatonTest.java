package io.github.gpt2server.constraint.token;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.gpt2server.constraint.automaton.AutomatonLimits;
import io.github.gpt2server.constraint.automaton.ByteAutomaton;
import io.github.gpt2server.constraint.automaton.DeterministicBuilder;
import io.github.gpt2server.constraint.json.SchemaReader;
import io.github.gpt2server.constraint.regex.RegexReader;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TokenAutomatonTest {

  /** Each token of GPT-2's is tried byte by byte in each state that random texts visit. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "[a-z ]+",
        "The (cat|dog|€|日本) .{0,20}",
        "\\p{L}+ [^a]*",
        "(ab|abc|abcd)*",
        "{json}"
      })
  void masksAreThoseOfEveryTokenTriedAlone(String pattern) {
    TokenTree tree = Vocabularies.gpt2();
    ByteAutomaton bytes = automaton(pattern);
    TokenAutomaton automaton = new TokenAutomaton(bytes, tree, new MaskCache(1 << 24));
    Random random = new Random(5);
    int checked = 0;
    for (int walk = 0; walk < 6; walk++) {
      int state = 0;
      for (int step = 0; step < 6 && automaton.continues(state); step++) {
        TokenMask mask = automaton.allowed(state);
        int count = 0;
        for (int token = 0; token < tree.size(); token++) {
          boolean expected = follows(bytes, state, Vocabularies.gpt2Bytes(token));
          count += expected ? 1 : 0;
          if (mask.contains(token) != expected) {
            assertThat(token).as("%s, state %d", pattern, state).isNegative();
          }
        }
        assertThat(mask.count()).isEqualTo(count).isPositive();
        state = automaton.next(state, nth(mask, random.nextInt(count)));
        checked++;
      }
    }
    assertThat(checked).isGreaterThan(8);
  }

  @Test
  void charactersMayBeCutByTokens() {
    // GPT-2 writes 日 as two tokens, neither of which is a character.
    TokenTree tree = Vocabularies.gpt2();
    TokenAutomaton automaton = new TokenAutomaton(automaton("日+"), tree, new MaskCache(1 << 24));
    TokenCursor cursor = new TokenCursor(automaton, new int[] {Vocabularies.END});
    FloatBuffer logits = row(tree.size());
    ByteArrayOutputStream text = new ByteArrayOutputStream();
    Random random = new Random(2);
    int parts = 0;
    while (text.size() < 300) {
      int token = draw(cursor, logits, random);
      if (token == Vocabularies.END) {
        assertThat(text.size() % 3).isZero();
        continue;
      }
      cursor.accept(token);
      byte[] bytes = Vocabularies.gpt2Bytes(token);
      parts += bytes.length % 3 == 0 ? 0 : 1;
      text.writeBytes(bytes);
    }
    assertThat(text.toString(UTF_8).substring(0, 90)).isEqualTo("日".repeat(90));
    assertThat(parts).isGreaterThan(10);
  }

  @Test
  void theEndIsAllowedInFinalStatesAlone() {
    TokenTree tree = Vocabularies.of(List.of("a", "b", "ab", "abb"));
    int end = 3;
    TokenCursor cursor =
        new TokenCursor(
            new TokenAutomaton(automaton("ab?"), tree, new MaskCache(1000)), new int[] {end});
    assertThat(allowed(cursor, 4)).containsExactly(0, 2);
    assertThatThrownBy(() -> cursor.accept(end))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("token 3 is not allowed after what was generated");
    cursor.accept(0);
    assertThat(cursor.complete()).isFalse();
    assertThat(allowed(cursor, 4)).containsExactly(1, end);
    cursor.accept(end);
    cursor.accept(1);
    assertThat(cursor.complete()).isTrue();
  }

  @Test
  void aStateWithoutAWayOutInThisVocabularyIsAvoided() {
    // After "x" only "y" may follow, which is no token, but "xy" is one.
    TokenTree tree = Vocabularies.of(List.of("x", "xy", "a", "b", "c"));
    TokenAutomaton automaton = new TokenAutomaton(automaton("xy|ab|cz"), tree, new MaskCache(1000));
    TokenCursor cursor = new TokenCursor(automaton, new int[0]);
    assertThat(automaton.writable()).isTrue();
    assertThat(allowed(cursor, 5)).containsExactly(1, 2);
    assertThat(new TokenAutomaton(automaton("z"), tree, new MaskCache(1000)).writable()).isFalse();
  }

  @Test
  void specialTokensAreNoText() {
    TokenTree tree = TokenTree.of(3, id -> "a".getBytes(UTF_8), id -> id == 1);
    TokenCursor cursor =
        new TokenCursor(
            new TokenAutomaton(automaton("aa"), tree, new MaskCache(1000)), new int[] {2});
    assertThat(allowed(cursor, 3)).containsExactly(1);
  }

  @Test
  void theMassIsTheShareOfWhatIsAllowed() {
    TokenTree tree = Vocabularies.of(List.of("a", "b", "c", "d"));
    TokenCursor cursor =
        new TokenCursor(
            new TokenAutomaton(automaton("[ab]?"), tree, new MaskCache(1000)), new int[] {3});
    FloatBuffer logits = row(4);
    double[] probabilities = {0.1, 0.2, 0.3, 0.4};
    for (int i = 0; i < 4; i++) {
      logits.put(i, (float) (Math.log(probabilities[i]) + 5));
    }
    assertThat(cursor.logMass(logits))
        .isCloseTo(Math.log(0.7), org.assertj.core.data.Offset.offset(1e-6));
    cursor.accept(0);
    assertThat(cursor.logMass(logits))
        .isCloseTo(Math.log(0.4), org.assertj.core.data.Offset.offset(1e-6));
  }

  @Test
  void masksAreComputedOncePerStateAndTheCacheIsBounded() {
    TokenTree tree = Vocabularies.gpt2();
    MaskCache masks = new MaskCache(20_000);
    ByteAutomaton bytes = automaton("[^z]{0,100}");
    TokenAutomaton automaton = new TokenAutomaton(bytes, tree, masks);
    automaton.allowed(0);
    automaton.allowed(0);
    assertThat(masks.computed()).isEqualTo(1);
    for (int state = 0; state < 100; state++) {
      automaton.allowed(state);
      assertThat(masks.bytes()).isLessThanOrEqualTo(20_000);
    }
    assertThat(masks.computed()).isEqualTo(100);
    automaton.allowed(99);
    assertThat(masks.computed()).isEqualTo(100);
    automaton.allowed(0);
    assertThat(masks.computed()).isEqualTo(101);
  }

  private static int nth(TokenMask mask, int n) {
    int left = n;
    int token = 0;
    while (!mask.contains(token) || left-- > 0) {
      token++;
    }
    return token;
  }

  /** Returns whether a token leads to a state from which a text can be completed, plainly. */
  private static boolean follows(ByteAutomaton automaton, int state, byte[] token) {
    int next = state;
    for (int i = 0; i < token.length && next != ByteAutomaton.DEAD; i++) {
      next = automaton.next(next, token[i]);
    }
    return token.length > 0 && next != ByteAutomaton.DEAD;
  }

  private static List<Integer> allowed(TokenCursor cursor, int size) {
    FloatBuffer logits = row(size);
    cursor.exclude(logits);
    return java.util.stream.IntStream.range(0, size)
        .filter(token -> logits.get(token) != Float.NEGATIVE_INFINITY)
        .boxed()
        .toList();
  }

  private static int draw(TokenCursor cursor, FloatBuffer logits, Random random) {
    for (int i = 0; i < logits.limit(); i++) {
      logits.put(i, random.nextFloat());
    }
    cursor.exclude(logits);
    int best = 0;
    for (int i = 1; i < logits.limit(); i++) {
      best = logits.get(i) > logits.get(best) ? i : best;
    }
    return best;
  }

  private static FloatBuffer row(int size) {
    FloatBuffer row =
        ByteBuffer.allocateDirect(4 * size).order(ByteOrder.nativeOrder()).asFloatBuffer();
    float[] zeros = new float[size];
    Arrays.fill(zeros, 0);
    row.put(0, zeros);
    return row;
  }

  private static ByteAutomaton automaton(String pattern) {
    DeterministicBuilder builder = new DeterministicBuilder(AutomatonLimits.DEFAULT, () -> {});
    return builder.finish(
        pattern.equals("{json}")
            ? SchemaReader.anyObject(builder)
            : RegexReader.whole(pattern, builder));
  }
}
