package io.github.gpt2server.web.ratelimit;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.web.Caller;
import io.github.gpt2server.web.ratelimit.RateLimitOptions.KeyOptions;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class RateLimiterTest {
  private final Set<String> clients = new HashSet<>(Set.of("a", "b", "u1", "u2"));
  private final RateLimiter limiter =
      new RateLimiter(
          new RateLimitOptions(
              60, 1_000, 2, Map.of("bob", new KeyOptions(5, null, 0), "carol", noOthers())),
          () -> clients,
          new TestClock());

  private static KeyOptions noOthers() {
    return new KeyOptions(null, null, null);
  }

  @Test
  void aNamedKeyHasItsOwnLimitsWhereItHasThem() {
    assertThat(limits("a", "alice")).isEqualTo(new RateLimit(60, 1_000, 2));
    assertThat(limits("b", "bob")).isEqualTo(new RateLimit(5, 1_000, 0));
    assertThat(limits("c", "carol")).isEqualTo(new RateLimit(60, 1_000, 2));
  }

  private RateLimit limits(String client, String name) {
    Allowance allowance = limiter.of(new Caller(client, name, ""));
    return new RateLimit(
        allowance.requests().orElseThrow().limit(),
        allowance.tokens().orElseThrow().limit(),
        allowance.concurrentRequests());
  }

  @Test
  void eachKeyHasItsAllowanceWithANameOrWithout() {
    Allowance alice = limiter.of(new Caller("a", "alice", ""));

    assertThat(alice.owner()).isEqualTo("the API key 'alice'");
    assertThat(limiter.of(new Caller("a", "alice", "x"))).isSameAs(alice);
    assertThat(limiter.of(new Caller("b", "bob", ""))).isNotSameAs(alice);
    Allowance unnamed = limiter.of(new Caller("u1", Caller.UNNAMED, ""));
    assertThat(unnamed.owner()).isEqualTo("this API key");
    assertThat(limiter.of(new Caller("u2", Caller.UNNAMED, ""))).isNotSameAs(unnamed);
  }

  @Test
  void requestsWithoutAKeyHaveOneTogether() {
    Allowance anonymous = limiter.of(Caller.at("10.0.0.1"));

    assertThat(anonymous.owner()).isEqualTo("all requests without an API key");
    assertThat(limiter.of(Caller.at("10.0.0.2"))).isSameAs(anonymous);
  }

  @Test
  void keysThatAreNoLongerKnownAreForgotten() {
    Allowance alice = limiter.of(new Caller("a", "alice", ""));
    for (int i = 0; i < 1_000; i++) {
      String key = "rotated-" + i;
      clients.add(key);
      limiter.of(new Caller(key, Caller.UNNAMED, ""));
      assertThat(limiter.size()).isLessThanOrEqualTo(3);
      clients.remove(key);
    }
    assertThat(limiter.of(new Caller("a", "alice", ""))).isSameAs(alice);
  }
}
