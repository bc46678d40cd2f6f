package io.github.gpt2server.ops.health;

import io.github.gpt2server.web.path.Paths;

/** Where probes and scrapes come, every few seconds: they fill no log and no trace. */
public final class ProbePaths {

  private ProbePaths() {}

  /** Whether a path, or null, is one of them. */
  public static boolean contains(String path) {
    return path != null
        && (path.equals(Paths.HEALTH)
            || path.equals(Paths.METRICS)
            || path.startsWith(Paths.ACTUATOR + "/"));
  }
}
