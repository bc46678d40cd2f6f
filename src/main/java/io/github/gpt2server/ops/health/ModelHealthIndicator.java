package io.github.gpt2server.ops.health;

import io.github.gpt2server.ops.lifecycle.ServerState;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;

/** Health for the readiness probe: up while requests are answered, neither before nor after. */
public final class ModelHealthIndicator implements HealthIndicator {
  private final ServerState state;

  /** Asks {@code state} each time. */
  public ModelHealthIndicator(ServerState state) {
    this.state = state;
  }

  @Override
  public Health health() {
    return switch (state.phase()) {
      case SERVING -> Health.up().build();
      case LOADING -> Health.down().withDetail("message", state.loadingMessage()).build();
      case STOPPING -> Health.outOfService().build();
      case DEAD -> Health.down().build();
    };
  }
}
