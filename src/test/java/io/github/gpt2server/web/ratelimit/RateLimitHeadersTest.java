package io.github.gpt2server.web.ratelimit;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RateLimitHeadersTest {

  @ParameterizedTest
  @CsvSource({
    "0, 0s",
    "1, 1ms",
    "17000000, 17ms",
    "17000001, 18ms",
    "999999999, 1s",
    "1000000000, 1s",
    "8640000000, 8.64s",
    "59952000000, 59.952s",
    "60000000000, 1m0s",
    "90951000000, 1m30.951s",
    "360000000000, 6m0s"
  })
  void durationsAreWrittenAsOpenAiWritesThem(long nanos, String written) {
    assertThat(RateLimitHeaders.written(Duration.ofNanos(nanos))).isEqualTo(written);
  }

  @Test
  void theNamesAreThoseOfOpenAi() {
    assertThat(RateLimitHeaders.descriptions())
        .containsOnlyKeys(
            "x-ratelimit-limit-requests",
            "x-ratelimit-remaining-requests",
            "x-ratelimit-reset-requests",
            "x-ratelimit-limit-tokens",
            "x-ratelimit-remaining-tokens",
            "x-ratelimit-reset-tokens");
  }
}
