package io.github.gpt2server.tokenizer;

import java.util.HashSet;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/** The merges of a byte-pair encoding, by rank. */
final class MergeRules {
  private final Set<String> tokens;
  private final boolean orderly;

  private MergeRules(Set<String> tokens, boolean orderly) {
    this.tokens = tokens;
    this.orderly = orderly;
  }

  /**
   * Reads them.
   *
   * @param merges an array whose items are arrays of two tokens, or both in one string with a space
   *     between them
   */
  static MergeRules of(JsonNode merges) {
    Set<String> tokens = new HashSet<>();
    for (int value = 0; value < ByteAlphabet.BYTES; value++) {
      tokens.add(String.valueOf(ByteAlphabet.character(value)));
    }
    boolean orderly = true;
    for (JsonNode merge : merges) {
      String left = merge.path(0).asString("");
      String right = merge.path(1).asString("");
      if (merge.isString()) {
        int space = merge.stringValue().indexOf(' ');
        left = merge.stringValue().substring(0, Math.max(0, space));
        right = merge.stringValue().substring(space + 1);
      }
      orderly &= tokens.contains(left) && tokens.contains(right) && tokens.add(left + right);
    }
    return new MergeRules(tokens, orderly);
  }

  /** Returns whether a token, in the byte alphabet, is a byte or made by a merge. */
  boolean make(String token) {
    return tokens.contains(token);
  }

  /**
   * Returns whether each token is made by one merge, of tokens that are bytes or made by merges of
   * lower ranks, as is true of merges that were learned one after the other.
   */
  boolean areOrderly() {
    return orderly;
  }
}
