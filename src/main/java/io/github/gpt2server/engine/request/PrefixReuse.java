package io.github.gpt2server.engine.request;

import java.util.Objects;

/**
 * How much of a prompt may come from the prefix cache and is left there for others.
 *
 * @param length how many of the prompt's first tokens; the prompt is read in pieces of which one
 *     ends there, so that others who share exactly this much find all of it
 * @param salt only prompts with the same salt share anything; null for none
 */
public record PrefixReuse(int length, String salt) {

  /** Nothing is taken and nothing is left. */
  public static final PrefixReuse NONE = new PrefixReuse(0, "");

  /** A request without a salt shares with all others that have none. */
  public PrefixReuse {
    salt = Objects.requireNonNullElse(salt, "");
  }

  /** The same, shared only with requests of this owner. Owners have names of the same length. */
  PrefixReuse of(String owner) {
    return new PrefixReuse(length, owner + ' ' + salt);
  }

  /** The first {@code length} tokens, shared with everybody. */
  public static PrefixReuse first(int length) {
    return new PrefixReuse(length, "");
  }
}
