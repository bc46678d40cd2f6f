package io.github.gpt2server.hub.cache;

import java.util.List;

/**
 * A model in the cache, downloaded by this program or another.
 *
 * @param model the hub's id
 * @param snapshots the commits that have files; none if a download was interrupted early
 * @param bytes the size on disk, interrupted downloads included
 */
public record CachedModel(String model, List<CachedSnapshot> snapshots, long bytes) {

  /**
   * A model at a commit, complete or not.
   *
   * @param commit 40 hexadecimal digits
   * @param revisions the branches and tags that referred to this commit when they were last
   *     requested
   * @param missing the first missing file without which it cannot be served, null if it is complete
   */
  public record CachedSnapshot(String commit, List<String> revisions, String missing) {}
}
