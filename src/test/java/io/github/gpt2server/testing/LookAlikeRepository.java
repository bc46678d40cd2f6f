package io.github.gpt2server.testing;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/** A repository of a {@link LookAlikeHub}; its properties can be changed at any time. */
public final class LookAlikeRepository {
  private final Map<String, byte[]> files = new ConcurrentHashMap<>();
  private final Map<String, String> revisions =
      new ConcurrentHashMap<>(Map.of("main", LookAlikeHub.COMMIT));
  private final Set<String> tags = ConcurrentHashMap.newKeySet();
  private volatile boolean gated;
  private volatile String token;

  /** Adds a file. */
  public LookAlikeRepository put(String name, byte[] content) {
    files.put(name, content);
    return this;
  }

  public LookAlikeRepository remove(String name) {
    files.remove(name);
    return this;
  }

  public byte[] content(String name) {
    return files.get(name);
  }

  /** Adds a tag. */
  public LookAlikeRepository tag(String name, String commit) {
    revisions.put(name, commit);
    tags.add(name);
    return this;
  }

  public LookAlikeRepository branch(String name, String commit) {
    revisions.put(name, commit);
    return this;
  }

  /** Makes it visible to requests with this token only. */
  public LookAlikeRepository privateTo(String secret) {
    token = secret;
    return this;
  }

  /** Makes its files available to requests with this token only. */
  public LookAlikeRepository gatedFor(String secret) {
    gated = true;
    token = secret;
    return this;
  }

  /** The names of its files, in order. */
  SortedSet<String> files() {
    return new TreeSet<>(files.keySet());
  }

  /** The commits of its branches, or of its tags, in order of their names. */
  SortedMap<String, String> revisions(boolean ofTags) {
    SortedMap<String, String> some = new TreeMap<>(revisions);
    some.keySet().removeIf(name -> tags.contains(name) != ofTags);
    return some;
  }

  /** The commit that a revision is, null if there is none. */
  String commit(String revision) {
    return revisions.containsValue(revision) ? revision : revisions.get(revision);
  }

  /** Returns whether it is visible without a token. */
  boolean gated() {
    return gated;
  }

  /** Returns whether requests with this header get its files. */
  boolean allows(String authorization) {
    return token == null || ("Bearer " + token).equals(authorization);
  }

  /** Returns whether the hub keeps such a file in large file storage. */
  static boolean isLarge(String file) {
    return file.endsWith(".safetensors") || file.endsWith(".bin");
  }

  /** The ETag of a file: the SHA-256 of a large one, the hash of the git blob of any other. */
  public String etag(String file) {
    byte[] content = content(file);
    if (isLarge(file)) {
      return hash("SHA-256", content);
    }
    byte[] header = "blob %d\0".formatted(content.length).getBytes(StandardCharsets.US_ASCII);
    return hash("SHA-1", header, content);
  }

  private static String hash(String algorithm, byte[]... parts) {
    try {
      MessageDigest digest = MessageDigest.getInstance(algorithm);
      Stream.of(parts).forEach(digest::update);
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
