package io.github.gpt2server.hub.cache;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Optional;

/** Hashes of files in the form of their ETags. */
public final class Checksum {
  private static final int BUFFER = 1 << 20;

  private Checksum() {}

  /**
   * Computes the hash of the kind that the ETag is: SHA-256 for 64 hexadecimal digits (Git LFS);
   * for 40, the SHA-1 of the git blob, which is {@code "blob SIZE\0"} followed by the content.
   * Empty for an ETag that is not a hash.
   */
  public static Optional<String> of(Path file, String etag) throws IOException {
    if (etag.matches("[0-9a-f]{64}")) {
      return Optional.of(hash(file, "SHA-256", ""));
    }
    if (etag.matches("[0-9a-f]{40}")) {
      return Optional.of(hash(file, "SHA-1", "blob " + Files.size(file) + "\0"));
    }
    return Optional.empty();
  }

  private static String hash(Path file, String algorithm, String prefix) throws IOException {
    MessageDigest digest;
    try {
      digest = MessageDigest.getInstance(algorithm);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JVM has " + algorithm, e);
    }
    digest.update(prefix.getBytes(StandardCharsets.US_ASCII));
    byte[] buffer = new byte[BUFFER];
    try (InputStream in = Files.newInputStream(file)) {
      for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
        digest.update(buffer, 0, read);
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }
}
