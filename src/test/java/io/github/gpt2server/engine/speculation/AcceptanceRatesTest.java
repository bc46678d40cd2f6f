package io.github.gpt2server.engine.speculation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class AcceptanceRatesTest {

  @Test
  void longerMatchesAreTrustedMoreBeforehand() {
    AcceptanceRates rates = new AcceptanceRates();
    double last = 0;
    for (int match : new int[] {1, 2, 4, 8, 16, 32}) {
      assertThat(rates.of(match)).isBetween(last, 1.0).isNotEqualTo(last);
      last = rates.of(match);
    }
    assertThat(rates.of(3)).isEqualTo(rates.of(2));
    assertThat(rates.of(31)).isEqualTo(rates.of(16));
  }

  @Test
  void becomeWhatTheTextShows() {
    AcceptanceRates rates = new AcceptanceRates();
    for (int i = 0; i < 300; i++) {
      rates.add(1, i % 10 != 0);
      rates.add(20, false);
    }
    assertThat(rates.of(1)).isCloseTo(0.9, within(0.08));
    assertThat(rates.of(20)).isLessThan(0.1);
    assertThat(rates.of(2)).as("of others nothing is known").isEqualTo(new AcceptanceRates().of(2));
  }

  @Test
  void whatIsLongPastIsForgotten() {
    AcceptanceRates rates = new AcceptanceRates();
    for (int i = 0; i < 10_000; i++) {
      rates.add(4, true);
    }
    for (int i = 0; i < 60; i++) {
      rates.add(4, false);
    }
    assertThat(rates.of(4)).isLessThan(0.6);
  }
}
