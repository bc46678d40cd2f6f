package io.github.gpt2server.tokenizer;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.lang.ref.Reference;
import java.util.Map;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * Hugging Face's tokenizers library, by way of DJL: the pre-tokenizer and byte-pair encoding in
 * native code. Safe for concurrent use; {@link #close} waits for encodings under way.
 */
final class BpeLibrary implements AutoCloseable {

  static {
    // DJL would look for a CUDA build of this library on a machine with a GPU, and download it.
    setUnlessSet("RUST_FLAVOR", "cpu");
    // DJL reports its use to Amazon from machines there.
    setUnlessSet("OPT_OUT_TRACKING", "true");
  }

  /** By default DJL cuts at 512 tokens, pads, and adds special tokens. */
  private static final Map<String, String> OPTIONS =
      Map.of("truncation", "false", "padding", "false", "addSpecialTokens", "false");

  private final HuggingFaceTokenizer tokenizer;
  private final ReadWriteLock lock = new ReentrantReadWriteLock();

  /**
   * Loads a tokenizer.
   *
   * @param definition a {@code tokenizer.json} in UTF-8
   * @throws IOException if the library refuses it, with the library's reason
   */
  BpeLibrary(byte[] definition) throws IOException {
    try {
      this.tokenizer =
          HuggingFaceTokenizer.newInstance(new ByteArrayInputStream(definition), OPTIONS);
    } catch (RuntimeException refused) {
      throw new IOException(refused.getMessage(), refused);
    }
  }

  /**
   * The token ids of a text, all of them.
   *
   * @param text without lone surrogates
   * @throws IllegalStateException after {@link #close}
   */
  int[] encode(String text) {
    lock.readLock().lock();
    try {
      return ids(text);
    } finally {
      // DJL's class frees the native tokenizer when it is garbage: not while it is in use.
      Reference.reachabilityFence(tokenizer);
      lock.readLock().unlock();
    }
  }

  @Override
  public void close() {
    lock.writeLock().lock();
    try {
      tokenizer.close();
    } finally {
      lock.writeLock().unlock();
    }
  }

  /**
   * What {@code HuggingFaceTokenizer.encode} does, less a string, a span and six numbers for each
   * token, which take longer than the encoding.
   */
  private int[] ids(String text) {
    TokenizersLibrary library = TokenizersLibrary.LIB;
    long encoding = library.encode(tokenizer.getHandle(), text, false);
    try {
      long[] wide = library.getTokenIds(encoding);
      int[] ids = new int[wide.length];
      for (int i = 0; i < ids.length; i++) {
        ids[i] = Math.toIntExact(wide[i]);
      }
      return ids;
    } finally {
      library.deleteEncoding(encoding);
    }
  }

  private static void setUnlessSet(String name, String value) {
    if (System.getenv(name) == null && System.getProperty(name) == null) {
      System.setProperty(name, value);
    }
  }
}
