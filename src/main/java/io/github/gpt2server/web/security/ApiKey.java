package io.github.gpt2server.web.security;

import io.github.gpt2server.web.Caller;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A secret, with a name or without, that lets its bearer call the server. Only its SHA-256 digest
 * is retained, so that no log, endpoint or memory dump shows the secret itself.
 */
public final class ApiKey {
  /** The rule for keys, to be read after their setting or line. */
  public static final String RULE =
      "visible ASCII characters without spaces, or NAME KEY with a name of lower-case letters,"
          + " digits and dashes that begins with a letter";

  private static final Pattern NAMED = Pattern.compile("(\\S+)\\s+(\\S+)");
  private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9-]{0,62}");

  /** Names that stand for keys without one in metrics. */
  private static final Set<String> RESERVED = Set.of(Caller.UNNAMED, Caller.ANONYMOUS);

  /** The salt of identities, so that an identity does not reveal its key. */
  private static final byte[] OF_THIS_PROCESS = new byte[32];

  static {
    new SecureRandom().nextBytes(OF_THIS_PROCESS);
  }

  private final String name;
  private final byte[] digest;
  private final boolean usable;

  private ApiKey(String name, String secret) {
    this.name = name;
    this.digest = digest(secret);
    this.usable =
        !secret.isEmpty()
            && secret.chars().allMatch(c -> c > ' ' && c < 0x7f)
            && NAME.matcher(name).matches();
  }

  /** The key that settings and files write so, with a name before it or none. */
  public static ApiKey of(String text) {
    Matcher named = NAMED.matcher(text);
    if (!named.matches()) {
      return new ApiKey(Caller.UNNAMED, text);
    }
    return new ApiKey(RESERVED.contains(named.group(1)) ? "" : named.group(1), named.group(2));
  }

  /** The key that a client sends. */
  static ApiKey sent(String secret) {
    return new ApiKey(Caller.UNNAMED, secret);
  }

  /**
   * Returns whether it follows the {@link #RULE}: a header carries visible ASCII, and spaces at its
   * ends are lost; {@code unnamed} and {@code anonymous} are no names.
   */
  public boolean isUsable() {
    return usable;
  }

  /**
   * The names of two keys that are the same secret, as the end of a sentence; empty if there are
   * none. A secret with two names would have the limits of one of them, left to chance.
   */
  public static Optional<String> ambiguity(Collection<ApiKey> keys) {
    Map<ApiKey, ApiKey> seen = new HashMap<>();
    for (ApiKey key : keys) {
      ApiKey first = seen.putIfAbsent(key, key);
      if (first != null && !first.name.equals(key.name)) {
        return Optional.of(first.described() + " and " + key.described() + " are the same key");
      }
    }
    return Optional.empty();
  }

  private String described() {
    return name.equals(Caller.UNNAMED) ? "one without a name" : "'" + name + "'";
  }

  /** The name for metrics, logs and limits, {@link Caller#UNNAMED} without one. */
  public String name() {
    return name;
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
   * Keys of one name are one, so that a key can be replaced while the old one is still in use.
   */
  String identity() {
    byte[] own = name.equals(Caller.UNNAMED) ? digest : digest("name " + name);
    return HexFormat.of().formatHex(digest(OF_THIS_PROCESS, own));
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
