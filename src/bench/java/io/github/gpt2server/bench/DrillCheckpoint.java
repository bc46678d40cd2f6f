package io.github.gpt2server.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Models for drills. */
public final class DrillCheckpoint {
  private static final Path FOLDER = Path.of("target", "drills");

  private DrillCheckpoint() {}

  /** A folder with random weights of the size of GPT-2's smallest, written once. */
  public static Path small() throws IOException {
    Files.createDirectories(FOLDER);
    Path folder = FOLDER.resolve("gpt2-124m").toAbsolutePath();
    RandomCheckpoint.write(folder, Gpt2Shape.PUBLISHED.get("gpt2"));
    return folder;
  }
}
