package io.github.gpt2server.engine;

import io.github.gpt2server.engine.request.Speculation;

/**
 * How the engine works.
 *
 * @param maxQueue how many requests may wait for a slot
 * @param chunkSize the longest piece in which a prompt is read, in tokens
 * @param busyPrefillTokens how many prompt tokens a step reads at least while other sequences
 *     generate and several prompts wait
 * @param idlePrefillTokens how many it reads while nothing generates
 * @param samplingThreads how many threads may draw a step's tokens at once
 * @param speculation how tokens are guessed
 * @param maxUnreadBytes about how much memory the unread events of a stream may take before it
 *     waits for its reader
 */
public record EngineSettings(
    int maxQueue,
    int chunkSize,
    int busyPrefillTokens,
    int idlePrefillTokens,
    int samplingThreads,
    Speculation speculation,
    long maxUnreadBytes) {

  /** The usual limit of unread events, 4 MiB: twenty rows of GPT-2's logits. */
  public static final long MAX_UNREAD_BYTES = 4L << 20;

  /** Usual values with a queue of the given length, and no guesses. */
  public static EngineSettings withQueue(int maxQueue) {
    return new EngineSettings(
        maxQueue,
        32,
        64,
        512,
        Runtime.getRuntime().availableProcessors(),
        Speculation.OFF,
        MAX_UNREAD_BYTES);
  }

  /** The same with pieces of another length. */
  public EngineSettings withChunkSize(int tokens) {
    return new EngineSettings(
        maxQueue,
        tokens,
        busyPrefillTokens,
        idlePrefillTokens,
        samplingThreads,
        speculation,
        maxUnreadBytes);
  }

  /** The same with another number of threads. */
  public EngineSettings withSamplingThreads(int threads) {
    return new EngineSettings(
        maxQueue,
        chunkSize,
        busyPrefillTokens,
        idlePrefillTokens,
        threads,
        speculation,
        maxUnreadBytes);
  }

  /** The same with guesses of that kind. */
  public EngineSettings withSpeculation(Speculation kind) {
    return new EngineSettings(
        maxQueue,
        chunkSize,
        busyPrefillTokens,
        idlePrefillTokens,
        samplingThreads,
        kind,
        maxUnreadBytes);
  }

  /** The same with another limit of unread events. */
  public EngineSettings withMaxUnreadBytes(long bytes) {
    return new EngineSettings(
        maxQueue,
        chunkSize,
        busyPrefillTokens,
        idlePrefillTokens,
        samplingThreads,
        speculation,
        bytes);
  }
}
