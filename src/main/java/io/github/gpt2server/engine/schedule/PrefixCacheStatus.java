package io.github.gpt2server.engine.schedule;

/**
 * A glance at the prefix cache.
 *
 * @param usage share of its blocks that hold something, 0 to 1
 * @param queriedTokens prompt tokens that were looked for in it since the start
 * @param hitTokens how many of them were found
 */
public record PrefixCacheStatus(double usage, long queriedTokens, long hitTokens) {

  /** Nothing was looked for yet. */
  public static final PrefixCacheStatus UNUSED = new PrefixCacheStatus(0, 0, 0);
}
