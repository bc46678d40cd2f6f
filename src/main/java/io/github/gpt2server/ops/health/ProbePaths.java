package io.github.gpt2server.ops.health;

import io.github.gpt2server.web.path.Paths;

/** The paths of probes and scrapes, which come every few seconds and are in no log or trace. */
public final class ProbePaths {

  private ProbePaths() {}

  /** Returns whether a path, or null, is one of them. */
  public static boolean contains(String path) {
    return path != null
        && (path.equals(Paths.HEALTH)
            || path.equals(Paths.METRICS)
            || path.equals(Paths.STATUS)
            || path.startsWith(Paths.ACTUATOR + "/"));
  }
}
