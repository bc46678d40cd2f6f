package io.github.gpt2server.engine;

import io.github.gpt2server.engine.handle.EngineObserver;
import io.github.gpt2server.engine.request.Speculation;
import io.github.gpt2server.model.LanguageModel;
import java.util.concurrent.Callable;

/**
 * Settings of the engine.
 *
 * @param maxQueue largest number of requests that wait for a slot
 * @param leastPrefillTokens least number of prompt tokens of a step while other sequences generate
 * @param busyPrefillTokens least number of prompt tokens of a step while other sequences generate
 *     and several prompts wait
 * @param idlePrefillTokens number of prompt tokens of a step while no sequence generates
 * @param samplingThreads largest number of threads that sample a step's tokens at once
 * @param speculation source of draft tokens
 * @param draftLoader loads a draft model, which proposes draft tokens too, of the same vocabulary
 *     and number of slots as the model; runs on the engine thread; null for none
 * @param maxUnreadBytes approximate memory of a stream's unread events beyond which the engine
 *     waits for a slow consumer, in bytes
 * @param observer notified of every request and step
 */
public record EngineSettings(
    int maxQueue,
    int leastPrefillTokens,
    int busyPrefillTokens,
    int idlePrefillTokens,
    int samplingThreads,
    Speculation speculation,
    Callable<LanguageModel> draftLoader,
    long maxUnreadBytes,
    EngineObserver observer) {

  /** Default limit of unread events, 4 MiB: twenty rows of GPT-2's logits. */
  public static final long MAX_UNREAD_BYTES = 4L << 20;

  /** Default settings with a queue of the given length, without speculation and observer. */
  public static EngineSettings withQueue(int maxQueue) {
    return new EngineSettings(
        maxQueue,
        32,
        64,
        512,
        Runtime.getRuntime().availableProcessors(),
        Speculation.OFF,
        null,
        MAX_UNREAD_BYTES,
        EngineObserver.NONE);
  }

  /** These settings with another least number of prompt tokens. */
  public EngineSettings withLeastPrefillTokens(int tokens) {
    return new EngineSettings(
        maxQueue,
        tokens,
        busyPrefillTokens,
        idlePrefillTokens,
        samplingThreads,
        speculation,
        draftLoader,
        maxUnreadBytes,
        observer);
  }

  /** These settings with another number of sampling threads. */
  public EngineSettings withSamplingThreads(int threads) {
    return new EngineSettings(
        maxQueue,
        leastPrefillTokens,
        busyPrefillTokens,
        idlePrefillTokens,
        threads,
        speculation,
        draftLoader,
        maxUnreadBytes,
        observer);
  }

  /** These settings with another source of draft tokens. */
  public EngineSettings withSpeculation(Speculation kind) {
    return new EngineSettings(
        maxQueue,
        leastPrefillTokens,
        busyPrefillTokens,
        idlePrefillTokens,
        samplingThreads,
        kind,
        draftLoader,
        maxUnreadBytes,
        observer);
  }

  /** These settings with a draft model. */
  public EngineSettings withDraftModel(Callable<LanguageModel> loader) {
    return new EngineSettings(
        maxQueue,
        leastPrefillTokens,
        busyPrefillTokens,
        idlePrefillTokens,
        samplingThreads,
        speculation,
        loader,
        maxUnreadBytes,
        observer);
  }

  /** These settings with another limit of unread events. */
  public EngineSettings withMaxUnreadBytes(long bytes) {
    return new EngineSettings(
        maxQueue,
        leastPrefillTokens,
        busyPrefillTokens,
        idlePrefillTokens,
        samplingThreads,
        speculation,
        draftLoader,
        bytes,
        observer);
  }

  /** These settings with an observer. */
  public EngineSettings withObserver(EngineObserver notified) {
    return new EngineSettings(
        maxQueue,
        leastPrefillTokens,
        busyPrefillTokens,
        idlePrefillTokens,
        samplingThreads,
        speculation,
        draftLoader,
        maxUnreadBytes,
        notified);
  }
}
