package io.github.gpt2server.engine.schedule;

/**
 * Snapshot of the prefix cache.
 *
 * @param usage share of its blocks in use, 0 to 1
 * @param queriedTokens number of reusable prompt tokens since the start
 * @param hitTokens number of these that were found
 */
public record PrefixCacheStatus(double usage, long queriedTokens, long hitTokens) {

  /** The status before the first prompt. */
  public static final PrefixCacheStatus UNUSED = new PrefixCacheStatus(0, 0, 0);
}
