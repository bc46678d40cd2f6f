package io.github.gpt2server.ops.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TokenRatesTest {
  private static final long SECOND = 1_000_000_000;

  @ParameterizedTest
  @ValueSource(longs = {0, -5 * SECOND, Long.MIN_VALUE, 1_234_567_890_123_456_789L})
  void tokensCountForTenSecondsWhateverTheClocksOrigin(long origin) {
    AtomicLong clock = new AtomicLong(origin);
    TokenRates rates = new TokenRates(clock::get);
    assertThat(rates.prompt()).isZero();

    rates.add(100, 7);
    clock.addAndGet(4 * SECOND);
    rates.add(0, 3);
    assertThat(rates.prompt()).isEqualTo(10);
    assertThat(rates.generated()).isEqualTo(1);

    clock.addAndGet(6 * SECOND);
    assertThat(rates.prompt()).isZero();
    assertThat(rates.generated()).isEqualTo(0.3);
    clock.addAndGet(4 * SECOND);
    assertThat(rates.generated()).isZero();
  }

  @Test
  void anIntervalIsUsedAgain() {
    AtomicLong clock = new AtomicLong();
    TokenRates rates = new TokenRates(clock::get);
    for (int second = 0; second < 100; second++) {
      clock.set(second * SECOND);
      rates.add(20, 10);
      rates.add(20, 10);
    }

    assertThat(rates.prompt()).isEqualTo(40);
    assertThat(rates.generated()).isEqualTo(20);
  }
}
