package io.github.gpt2server.ops.health;

import io.github.gpt2server.ops.lifecycle.ServerState;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;

/**
 * Health for the liveness probe: down once the engine thread has died, for only a restart helps
 * then.
 */
public final class EngineHealthIndicator implements HealthIndicator {
  private final ServerState state;

  /** Asks {@code state} each time. */
  public EngineHealthIndicator(ServerState state) {
    this.state = state;
  }

  @Override
  public Health health() {
    return state.phase() == ServerState.Phase.DEAD ? Health.down().build() : Health.up().build();
  }
}
