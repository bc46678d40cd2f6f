package io.github.gpt2server.ops.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.ops.exchange.Exchange;
import io.github.gpt2server.ops.exchange.Operation;
import io.github.gpt2server.ops.exchange.RequestOutcome;
import io.github.gpt2server.web.ratelimit.LimitKind;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class KeyMetricsTest {
  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private final KeyMetrics metrics = new KeyMetrics(registry, List.of("alice"));

  private static Exchange exchange(Optional<Operation> operation, String key) {
    return new Exchange(
        "id",
        "POST",
        "/v1/completions",
        "10.0.0.1",
        key,
        operation,
        "gpt2",
        429,
        RequestOutcome.RATE_LIMITED,
        Optional.of(LimitKind.TOKENS),
        Duration.ZERO,
        List.of());
  }

  private double refusals(String key, String limit) {
    return registry.get("gpt2.key.refusals").tags("key", key, "limit", limit).counter().count();
  }

  @Test
  void knownKeysBeginWithZero() {
    for (LimitKind limit : LimitKind.values()) {
      assertThat(refusals("alice", limit.toString())).isZero();
    }
    assertThat(registry.get("gpt2.key.requests").tag("key", "alice").counter().count()).isZero();
  }

  @Test
  void onlyRequestsToTheModelCount() {
    metrics.ended(exchange(Optional.empty(), "alice"));
    assertThat(refusals("alice", "tokens")).isZero();

    metrics.ended(exchange(Optional.of(Operation.SCORE), "alice"));
    assertThat(refusals("alice", "tokens")).isEqualTo(1);
    assertThat(refusals("alice", "requests")).isZero();
  }

  @Test
  void namesBeyondTheLimitCountTogether() {
    for (int i = 0; i < 1_000; i++) {
      metrics.ended(exchange(Optional.of(Operation.SCORE), "key-" + i));
    }
    metrics.ended(exchange(Optional.of(Operation.SCORE), "alice"));

    List<String> names =
        registry.find("gpt2.key.requests").counters().stream()
            .map(Counter::getId)
            .flatMap(id -> id.getTags().stream())
            .map(Tag::getValue)
            .toList();
    assertThat(names).hasSize(KeyMetrics.MAX_NAMES + 1).contains("alice", "key-0", "other");
    assertThat(registry.get("gpt2.key.requests").tag("key", "other").counter().count())
        .isEqualTo(1_000 - (KeyMetrics.MAX_NAMES - 1));
    assertThat(registry.get("gpt2.key.requests").tag("key", "alice").counter().count())
        .isEqualTo(1);
  }
}
