package io.github.gpt2server.testing;

import io.github.gpt2server.engine.schedule.EngineStatus;
import io.github.gpt2server.engine.schedule.PrefixCacheStatus;
import io.github.gpt2server.ops.lifecycle.EngineControl;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** An engine without a model: gives the answers that a test sets and notes the calls. */
public class FakeEngine implements EngineControl {
  private final List<String> calls = new CopyOnWriteArrayList<>();
  private final CountDownLatch idle = new CountDownLatch(1);
  private volatile EngineStatus status;

  /** Null stands for a model that is still being loaded. */
  public void report(EngineStatus reported) {
    status = reported;
  }

  public void serve() {
    report(new EngineStatus(0, 0, 4, 0, PrefixCacheStatus.UNUSED, true, true));
  }

  public void becomeIdle() {
    idle.countDown();
  }

  public List<String> calls() {
    return calls;
  }

  @Override
  public Optional<EngineStatus> status() {
    return Optional.ofNullable(status);
  }

  @Override
  public void stopAccepting() {
    calls.add("stopAccepting");
    EngineStatus now = status;
    if (now != null) {
      report(
          new EngineStatus(
              now.waiting(),
              now.running(),
              now.slots(),
              now.kvCacheUsage(),
              now.prefixCache(),
              true,
              false));
    }
  }

  @Override
  public boolean awaitIdle(Duration limit) throws InterruptedException {
    calls.add("awaitIdle");
    return idle.await(limit.toNanos(), TimeUnit.NANOSECONDS);
  }

  @Override
  public void close() {
    calls.add("close");
  }
}
