package io.github.gpt2server.hub.http;

/** The {@code ~} at the beginning of a path, which no shell has expanded after an equals sign. */
public final class HomeFolder {
  private HomeFolder() {}

  /** The path with the user's home folder for a {@code ~} that stands alone or before a slash. */
  public static String expand(String path) {
    return path.equals("~") || path.startsWith("~/")
        ? System.getProperty("user.home") + path.substring(1)
        : path;
  }
}
