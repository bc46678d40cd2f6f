package io.github.gpt2server.text;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class RandomIdTest {
  @Test
  void aPrefixIsFollowedByRandomDigits() {
    String id = RandomId.of("cmpl-");
    assertThat(id).matches("cmpl-[0-9a-f]{32}");
    assertThat(RandomId.of("cmpl-")).isNotEqualTo(id);
  }
}
