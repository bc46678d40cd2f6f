package io.github.gpt2server.api.openai.completion;

import io.github.gpt2server.tokenizer.Gpt2Tokenizer;
import java.io.ByteArrayOutputStream;
import java.util.Map;
import java.util.WeakHashMap;
import tools.jackson.core.io.JsonStringEncoder;

/**
 * The JSON key of every token, quoted and escaped in advance: {@code " the":}. All keys are stored
 * in one array, so that the whole vocabulary fits into the processor's cache while it is written.
 */
final class TokenKeys {
  private static final Map<Gpt2Tokenizer, TokenKeys> KNOWN = new WeakHashMap<>();

  private final byte[] bytes;
  private final int[] ends;

  private TokenKeys(Gpt2Tokenizer tokenizer) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    ends = new int[tokenizer.vocabSize()];
    for (int token = 0; token < ends.length; token++) {
      all.write('"');
      all.writeBytes(JsonStringEncoder.getInstance().quoteAsUTF8(tokenizer.token(token)));
      all.write('"');
      all.write(':');
      ends[token] = all.size();
    }
    bytes = all.toByteArray();
  }

  /** The keys of a tokenizer, created once. */
  static TokenKeys of(Gpt2Tokenizer tokenizer) {
    synchronized (KNOWN) {
      return KNOWN.computeIfAbsent(tokenizer, TokenKeys::new);
    }
  }

  /** The length of a token's key, in bytes. */
  int length(int token) {
    return ends[token] - start(token);
  }

  /** Copies a token's key into {@code target} at {@code place}. */
  void copy(int token, byte[] target, int place) {
    System.arraycopy(bytes, start(token), target, place, length(token));
  }

  private int start(int token) {
    return token == 0 ? 0 : ends[token - 1];
  }
}
