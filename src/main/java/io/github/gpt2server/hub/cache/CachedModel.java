package io.github.gpt2server.hub.cache;

import java.util.List;

/**
 * What the cache holds of a model, whoever downloaded it.
 *
 * @param model the hub's id
 * @param snapshots the commits of which there are files; none if a download was interrupted early
 * @param bytes how much room all this takes, interrupted downloads included
 */
public record CachedModel(String model, List<CachedSnapshot> snapshots, long bytes) {

  /**
   * A model at a commit, as far as it is there.
   *
   * @param commit 40 hexadecimal digits
   * @param revisions the branches and tags that were this commit when they were last asked for
   * @param missing the first file it lacks to be served, null if it is complete
   */
  public record CachedSnapshot(String commit, List<String> revisions, String missing) {}
}
