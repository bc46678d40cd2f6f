package io.github.gpt2server.ops.health;

/** Where probes and scrapes come, every few seconds: they fill no log and no trace. */
public final class ProbePaths {

  private ProbePaths() {}

  /** Whether a path, or null, is one of them. */
  public static boolean contains(String path) {
    return path != null
        && (path.equals("/health") || path.equals("/metrics") || path.startsWith("/actuator/"));
  }
}
