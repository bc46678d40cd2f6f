package io.github.gpt2server.constraint.token;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.gpt2server.sampling.TokenConstraint;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class FirstTokenTest {

  static List<byte[]> beginnings() {
    byte[] whole = "日".getBytes(UTF_8);
    return List.of(
        " ".getBytes(UTF_8),
        " the".getBytes(UTF_8),
        "http".getBytes(UTF_8),
        "\n".getBytes(UTF_8),
        // Inside of a character, at its beginning and at its end.
        Arrays.copyOfRange(whole, 0, 2),
        Arrays.copyOfRange(whole, 2, 3),
        new byte[] {(byte) 0xff});
  }

  /** Each of GPT-2's tokens is tried alone. */
  @ParameterizedTest
  @MethodSource("beginnings")
  void theTokensAreThoseThatBeginWithTheBytes(byte[] bytes) {
    TokenTree tree = Vocabularies.gpt2();
    int[] expected =
        IntStream.range(0, tree.size())
            .filter(token -> startsWith(Vocabularies.gpt2Bytes(token), bytes))
            .toArray();
    assertThat(expected).isNotEmpty();
    TokenConstraint first = FirstToken.of(tree, bytes).get();
    FloatBuffer logits = FloatBuffer.allocate(tree.size());
    first.exclude(logits);
    assertThat(IntStream.range(0, tree.size()).filter(token -> logits.get(token) == 0))
        .containsExactly(IntStream.of(expected).boxed().toArray(Integer[]::new));
    assertThat(IntStream.range(0, tree.size()).filter(first::allows).toArray()).isEqualTo(expected);
    assertThat(first.logMass(FloatBuffer.allocate(tree.size())))
        .isCloseTo(Math.log((double) expected.length / tree.size()), within(1e-6));
  }

  private static boolean startsWith(byte[] token, byte[] bytes) {
    return token.length >= bytes.length
        && Arrays.equals(token, 0, bytes.length, bytes, 0, bytes.length);
  }

  @Test
  void anythingFollowsTheFirstToken() {
    TokenTree tree = Vocabularies.of(List.of("a", "ab", "b", "c"));
    TokenConstraint first = FirstToken.of(tree, "a".getBytes(UTF_8)).get();
    assertThatThrownBy(() -> first.accept(2))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("token 2 does not begin with the given bytes");
    assertThat(first.restricts()).isTrue();
    first.accept(1);
    assertThat(first.restricts()).isFalse();
    assertThat(first.complete()).isFalse();
    FloatBuffer logits = FloatBuffer.allocate(4);
    first.exclude(logits);
    assertThat(logits.array()).containsOnly(0);
    assertThat(first.allows(3)).isTrue();
    assertThat(first.logMass(logits)).isZero();
    first.accept(3);
  }

  @Test
  void sequencesBeginApart() {
    TokenTree tree = Vocabularies.of(List.of("a", "b"));
    var constraints = FirstToken.of(tree, "a".getBytes(UTF_8));
    constraints.get().accept(0);
    assertThat(constraints.get().restricts()).isTrue();
  }
}
