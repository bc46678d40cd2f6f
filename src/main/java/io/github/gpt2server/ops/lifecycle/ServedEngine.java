package io.github.gpt2server.ops.lifecycle;

import io.github.gpt2server.engine.Engine;
import io.github.gpt2server.engine.schedule.EngineStatus;
import io.github.gpt2server.serving.ServedModel;
import io.github.gpt2server.serving.ServedModelHolder;
import java.time.Duration;
import java.util.Optional;

/** The engine of the served model, as soon as there is one. */
public final class ServedEngine implements EngineControl {
  private final ServedModelHolder holder;

  /** Looks into {@code holder} each time it is asked. */
  public ServedEngine(ServedModelHolder holder) {
    this.holder = holder;
  }

  @Override
  public Optional<EngineStatus> status() {
    return engine().map(Engine::status);
  }

  @Override
  public void stopAccepting() {
    engine().ifPresent(Engine::stopAccepting);
  }

  @Override
  public boolean awaitIdle(Duration limit) throws InterruptedException {
    Optional<Engine> engine = engine();
    return engine.isEmpty() || engine.get().awaitIdle(limit);
  }

  @Override
  public void close() {
    engine().ifPresent(Engine::close);
  }

  private Optional<Engine> engine() {
    return holder.get().map(ServedModel::engine);
  }
}
