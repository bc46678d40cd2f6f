package io.github.gpt2server.tokenizer;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.Map;
import java.util.Set;

/** The bytes of each token id, and their form where text is wanted. */
final class Vocabulary {

  private static final byte[] NOTHING = {};

  private final byte[][] bytes;

  /** Null for an id without a token, of which there may be millions. */
  private final String[] written;

  private final boolean everyByte;
  private final int longest;

  /**
   * Builds the table.
   *
   * @param tokens ids by token, written in GPT-2's byte alphabet
   * @param addedTokens ids by token, written as the text they stand for; they win over {@code
   *     tokens}
   * @param size how many ids there are; those without a token have no bytes
   * @throws IllegalArgumentException with a sentence about the first token that does not fit
   */
  Vocabulary(Map<String, Integer> tokens, Map<String, Integer> addedTokens, int size) {
    this.bytes = new byte[size][];
    // A token of the byte alphabet has a character for each byte.
    int most = 1;
    for (String token : tokens.keySet()) {
      most = Math.max(most, token.length());
    }
    for (String token : addedTokens.keySet()) {
      most = Math.max(most, token.getBytes(StandardCharsets.UTF_8).length);
    }
    this.longest = most;
    tokens.forEach(
        (token, id) -> {
          if (addedTokens.containsKey(token)) {
            return;
          }
          if (bytes[id] != null) {
            throw new IllegalArgumentException("two tokens have the id %d".formatted(id));
          }
          bytes[id] =
              ByteAlphabet.bytes(token)
                  .orElseThrow(
                      () ->
                          new IllegalArgumentException(
                              "the token \"%s\" (id %d) is not written in GPT-2's byte alphabet"
                                  .formatted(token, id)));
        });
    addedTokens.forEach((token, id) -> bytes[id] = token.getBytes(StandardCharsets.UTF_8));
    this.everyByte = hasEveryByte(tokens);
    this.written = new String[size];
    CharsetDecoder strict = StandardCharsets.UTF_8.newDecoder();
    Set<String> names = new HashSet<>();
    for (int id = 0; id < size; id++) {
      if (bytes[id] == null) {
        bytes[id] = NOTHING;
      } else {
        String name = bytes[id].length == 0 ? byId(id) : written(bytes[id], strict);
        // An added token may have the bytes of an ordinary one; names are keys and must differ.
        written[id] = names.add(name) ? name : byId(id);
      }
    }
  }

  int size() {
    return bytes.length;
  }

  /** Returns whether each id stands for the same bytes as in the other. */
  boolean equalTo(Vocabulary other) {
    return Arrays.deepEquals(bytes, other.bytes);
  }

  /** Returns whether each of the 256 bytes is a token, so that every text can be encoded. */
  boolean hasEveryByte() {
    return everyByte;
  }

  /** The bytes of a token; not to be changed. */
  byte[] bytes(int token) {
    return bytes[checked(token)];
  }

  /**
   * The number of bytes of a token, of those too that the library is given for bytes without one.
   */
  int length(int token) {
    return token < bytes.length ? bytes[token].length : 1;
  }

  /** The number of bytes of the longest token, at least one. */
  int longest() {
    return longest;
  }

  /** Returns whether the bytes of tokens are those of a text, which has no lone surrogates. */
  boolean isWritten(String text, int... tokens) {
    int next = 0;
    TextDecoder decoder = new TextDecoder();
    StringBuilder decoded = new StringBuilder();
    for (int token : tokens) {
      decoder.append(bytes(token), decoded);
      for (int i = 0; i < decoded.length(); i++, next++) {
        if (next == text.length() || text.charAt(next) != decoded.charAt(i)) {
          return false;
        }
      }
      decoded.setLength(0);
    }
    return next == text.length() && decoder.finish().isEmpty();
  }

  String written(int token) {
    String name = written[checked(token)];
    return name == null ? byId(token) : name;
  }

  private int checked(int token) {
    if (token < 0 || token >= bytes.length) {
      throw new IllegalArgumentException(
          "token id %d is not in the vocabulary, whose ids are 0 to %d"
              .formatted(token, bytes.length - 1));
    }
    return token;
  }

  private static boolean hasEveryByte(Map<String, Integer> tokens) {
    for (int value = 0; value < ByteAlphabet.BYTES; value++) {
      if (!tokens.containsKey(String.valueOf(ByteAlphabet.character(value)))) {
        return false;
      }
    }
    return true;
  }

  /** The form in which vLLM writes tokens that it reports by their ids. */
  private static String byId(int id) {
    return "token_id:" + id;
  }

  private static String written(byte[] bytes, CharsetDecoder strict) {
    try {
      return strict.decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException notWholeUtf8) {
      return "bytes:" + HexFormat.of().withPrefix("\\x").formatHex(bytes);
    }
  }
}
