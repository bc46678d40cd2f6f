package io.github.gpt2server.web.security;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * A secret that lets its bearer call the server. Only its SHA-256 digest is retained, so that no
 * log, endpoint or memory dump shows the secret itself.
 */
public final class ApiKey {
  /** The salt of identities, so that an identity does not reveal its key. */
  private static final byte[] OF_THIS_PROCESS = new byte[32];

  static {
    new SecureRandom().nextBytes(OF_THIS_PROCESS);
  }

  private final byte[] digest;
  private final boolean sendable;

  private ApiKey(byte[] digest, boolean sendable) {
    this.digest = digest;
    this.sendable = sendable;
  }

  /** The key that is written so; see {@link #isSendable}. */
  public static ApiKey of(String text) {
    return new ApiKey(
        digest(text), !text.isEmpty() && text.chars().allMatch(c -> c > ' ' && c < 0x7f));
  }

  /**
   * Returns whether a client can send it: a header carries visible ASCII, and spaces at its ends
   * are lost.
   */
  public boolean isSendable() {
    return sendable;
  }

  /** Compares in a time that does not depend on the length of the common beginning. */
  @Override
  public boolean equals(Object other) {
    return other instanceof ApiKey key && MessageDigest.isEqual(digest, key.digest);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(digest);
  }

  /**
   * Tells keys apart within this process, and nothing of them: each start gives a key another one.
   */
  String identity() {
    return HexFormat.of().formatHex(digest(OF_THIS_PROCESS, digest));
  }

  private static byte[] digest(String text) {
    return digest(text.getBytes(StandardCharsets.UTF_8));
  }

  private static byte[] digest(byte[]... parts) {
    try {
      MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
      for (byte[] part : parts) {
        sha256.update(part);
      }
      return sha256.digest();
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  /** Hides the key. */
  @Override
  public String toString() {
    return "(not shown)";
  }
}
