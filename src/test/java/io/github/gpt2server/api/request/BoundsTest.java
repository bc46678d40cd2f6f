package io.github.gpt2server.api.request;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.gpt2server.web.error.ApiException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class BoundsTest {

  @Test
  void takesTheFallbackForNone() {
    assertThat(Bounds.number("top_p", null, 0.5, 0, 1)).isEqualTo(0.5);
    assertThat(Bounds.integer("n", null, 7, 1, 9)).isEqualTo(7);
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, 0.25, 1})
  void takesNumbersUpToBothBounds(double value) {
    assertThat(Bounds.number("top_p", value, 0.5, 0, 1)).isEqualTo(value);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 64, 128})
  void takesIntegersUpToBothBounds(int value) {
    assertThat(Bounds.integer("n", value, 7, 1, 128)).isEqualTo(value);
  }

  @ParameterizedTest
  @CsvSource({
    "-0.5, -0.5",
    "1.5, 1.5",
    "3.0, 3",
    "-1e-9, -0.000000001",
    "12345678901234567000, 12345678901234567000",
    "1e20, 1e+20",
    "1e300, 1e+300"
  })
  void namesTheNumberAndTheBounds(double value, String shown) {
    assertThatExceptionOfType(ApiException.class)
        .isThrownBy(() -> Bounds.number("top_p", value, 0.5, 0, 1))
        .withMessage("top_p must be between 0 and 1, but is " + shown + ".")
        .satisfies(e -> assertThat(e.response().error().param()).isEqualTo("top_p"));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 129})
  void namesTheIntegerAndTheBounds(int value) {
    assertThatExceptionOfType(ApiException.class)
        .isThrownBy(() -> Bounds.integer("n", value, 1, 1, 128))
        .withMessage("n must be between 1 and 128, but is " + value + ".");
  }
}
