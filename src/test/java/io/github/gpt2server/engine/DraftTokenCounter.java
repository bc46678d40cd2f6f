package io.github.gpt2server.engine;

import io.github.gpt2server.engine.handle.EngineObserver;
import java.util.concurrent.atomic.AtomicInteger;

/** Counts the draft tokens of an engine. */
final class DraftTokenCounter implements EngineObserver {
  final AtomicInteger drafted = new AtomicInteger();
  final AtomicInteger accepted = new AtomicInteger();

  @Override
  public void speculated(int drafts, int draftTokens, int acceptedTokens) {
    drafted.addAndGet(draftTokens);
    accepted.addAndGet(acceptedTokens);
  }

  void reset() {
    drafted.set(0);
    accepted.set(0);
  }
}
