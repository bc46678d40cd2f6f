package io.github.gpt2server.web;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CallerTest {

  @ParameterizedTest
  @CsvSource({
    "2001:db8:0:1::7,      2001:db8:0:1:ffff:1:2:3, true",
    "2001:db8:0:1::7,      2001:DB8::1:0:0:0:7,     true",
    "2001:db8:0:1::7,      2001:db8:0:2::7,         false",
    "fe80::1%eth0,         fe80::2,                 true",
    "::ffff:203.0.113.7,   203.0.113.7,             true",
    "203.0.113.7,          203.0.113.8,             false",
  })
  void anIpv6NetworkIsOneClient(String first, String second, boolean same) {
    assertThat(Caller.at(first).client().equals(Caller.at(second).client())).isEqualTo(same);
  }
}
