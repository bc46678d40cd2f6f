package io.github.gpt2server.hub.http;

/** Expansion of a leading {@code ~} in paths, which shells leave as it is after an equals sign. */
public final class HomeFolder {
  private HomeFolder() {}

  /** Replaces a {@code ~} that stands alone or before a slash by the user's home folder. */
  public static String expand(String path) {
    return path.equals("~") || path.startsWith("~/")
        ? System.getProperty("user.home") + path.substring(1)
        : path;
  }
}
