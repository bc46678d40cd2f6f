package io.github.gpt2server.engine.request;

import java.util.Objects;

/**
 * The reusable prefix of a prompt: the part that may come from the prefix cache and stays there.
 *
 * @param length number of leading tokens; a prompt chunk ends there, so that other prompts with
 *     exactly this prefix find all of it
 * @param salt separates caches: only prompts with the same salt share blocks; null for none
 */
public record PrefixReuse(int length, String salt) {

  /** No reuse. */
  public static final PrefixReuse NONE = new PrefixReuse(0, "");

  /** Turns a null salt into the empty one, which all requests without a salt share. */
  public PrefixReuse {
    salt = Objects.requireNonNullElse(salt, "");
  }

  /** This prefix, shared only with requests of the owner. All owners have names of one length. */
  PrefixReuse of(String owner) {
    return new PrefixReuse(length, owner + ' ' + salt);
  }

  /** The first {@code length} tokens, shared with all requests. */
  public static PrefixReuse first(int length) {
    return new PrefixReuse(length, "");
  }
}
