package io.github.gpt2server.hub.http;

import java.util.List;

/**
 * A repository at a revision, as the hub describes it.
 *
 * @param commit the commit, 40 hexadecimal digits
 * @param files the paths of its files
 */
public record RepositoryInfo(String commit, List<String> files) {
  /** Returns whether a revision is a commit, not a branch or a tag. */
  public static boolean isCommit(String revision) {
    return revision.matches("[0-9a-f]{40}");
  }
}
