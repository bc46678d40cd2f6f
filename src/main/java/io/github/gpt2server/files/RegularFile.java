package io.github.gpt2server.files;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Files whose size is known before they are read. A named pipe would be waited for, and a device
 * read without end.
 */
public final class RegularFile {

  private RegularFile() {}

  /**
   * The content of a file.
   *
   * @param most the number of bytes that it may have
   * @throws UnusableFileException if it does not exist, is no regular file or a link to one, or is
   *     larger
   * @throws IOException if it cannot be read
   */
  public static byte[] read(Path file, int most) throws IOException {
    require(file);
    byte[] content;
    try (InputStream in = Files.newInputStream(file)) {
      long size = Files.size(file);
      if (size > most) {
        throw tooLarge(file, "%d bytes".formatted(size), most);
      }
      content = in.readNBytes(most + 1);
    }
    if (content.length > most) {
      throw tooLarge(file, "more bytes than its size", most);
    }
    return content;
  }

  /**
   * Checks that a file exists and is a regular one.
   *
   * @throws UnusableFileException if not
   */
  public static void require(Path file) throws UnusableFileException {
    if (Files.isRegularFile(file)) {
      return;
    }
    if (!Files.exists(file)) {
      throw new UnusableFileException(file + " does not exist");
    }
    throw new UnusableFileException(
        Files.isDirectory(file)
            ? file + " is a folder, not a file"
            : file + " is a pipe, a device or a socket, not a regular file");
  }

  private static UnusableFileException tooLarge(Path file, String size, int most) {
    return new UnusableFileException(
        "%s has %s, but may have at most %d".formatted(file, size, most));
  }
}
