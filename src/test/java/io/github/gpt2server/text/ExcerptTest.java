package io.github.gpt2server.text;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ExcerptTest {

  @Test
  void repeatsSixtyCharacters() {
    assertThat(Excerpt.of("x".repeat(60))).isEqualTo("x".repeat(60));
    assertThat(Excerpt.of("x".repeat(61))).isEqualTo("x".repeat(60) + "…");
  }

  @Test
  void repeatsEightyCharactersForAConsole() {
    assertThat(Excerpt.forConsole("x".repeat(80))).isEqualTo("x".repeat(80));
    assertThat(Excerpt.forConsole("x".repeat(81))).isEqualTo("x".repeat(80) + "...");
    assertThat(Excerpt.forConsole("a\r\nb\ud83d")).isEqualTo("a??b?");
  }

  @Test
  void replacesControlCharactersAndHalfCharacters() {
    assertThat(Excerpt.of("a\r\nb\ud83d")).isEqualTo("a\ufffd\ufffdb\ufffd");
  }

  @Test
  void putsATextOnOneLine() {
    assertThat(Excerpt.oneLine(" a\n\t b \r\n")).isEqualTo("a b");
  }

  @Test
  void cutsBetweenCharacters() {
    assertThat(Excerpt.beginning("ab", 2)).isEqualTo("ab");
    assertThat(Excerpt.beginning("abc", 2)).isEqualTo("ab...");
    assertThat(Excerpt.beginning("\ud83d\ude00\ud83d\ude00", 1)).isEqualTo("\ud83d\ude00...");
  }
}
