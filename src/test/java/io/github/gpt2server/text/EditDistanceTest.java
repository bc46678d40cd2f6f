package io.github.gpt2server.text;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EditDistanceTest {

  @ParameterizedTest
  @CsvSource({
    "'', '', 0",
    "'', abc, 3",
    "threads, threads, 0",
    "threads, thread, 1",
    "threads, treads, 1",
    "threads, threats, 1",
    "threads, therads, 1",
    "kitten, sitting, 3",
    // A swap, one of whose letters would have to be touched again.
    "ca, abc, 3"
  })
  void countsTheFewestEdits(String a, String b, int edits) {
    assertThat(EditDistance.between(a, b)).isEqualTo(edits);
    assertThat(EditDistance.between(b, a)).isEqualTo(edits);
  }
}
