package io.github.gpt2server.api.insight.vocabulary;

import io.github.gpt2server.api.insight.token.TokenBytes;
import io.github.gpt2server.tokenizer.Gpt2Tokenizer;
import io.github.gpt2server.web.json.ComputedList;
import java.util.Arrays;

/**
 * Searches a vocabulary. Bytes are compared, so that tokens that hold part of a character are found
 * as well; where both sides are UTF-8 that is the same as comparing characters.
 */
final class VocabularyHandler {
  private final Gpt2Tokenizer tokenizer;

  VocabularyHandler(Gpt2Tokenizer tokenizer) {
    this.tokenizer = tokenizer;
  }

  /** The matching tokens in order of id, and the number of all of them. */
  VocabularyResponse search(VocabularySpec spec) {
    int[] found = new int[spec.limit()];
    int total = 0;
    for (int id = 0; id < tokenizer.vocabSize(); id++) {
      if (matches(tokenizer.bytes(id), spec)) {
        if (total < found.length) {
          found[total] = id;
        }
        total++;
      }
    }
    return new VocabularyResponse(
        ComputedList.of(Math.min(total, found.length), i -> token(found[i])), total);
  }

  private VocabularyResponse.Token token(int id) {
    return new VocabularyResponse.Token(
        id, tokenizer.token(id), TokenBytes.unsigned(tokenizer.bytes(id)));
  }

  private static boolean matches(byte[] token, VocabularySpec spec) {
    return isAt(0, spec.prefix(), token) && isWithin(spec.contains(), token);
  }

  private static boolean isWithin(byte[] part, byte[] token) {
    for (int start = 0; start + part.length <= token.length; start++) {
      if (isAt(start, part, token)) {
        return true;
      }
    }
    return false;
  }

  private static boolean isAt(int start, byte[] part, byte[] token) {
    int end = start + part.length;
    return end <= token.length && Arrays.equals(part, 0, part.length, token, start, end);
  }
}
