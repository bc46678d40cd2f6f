package io.github.gpt2server.tokenizer;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ai.djl.huggingface.tokenizers.jni.CharSpan;
import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.lang.ref.Reference;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.LongFunction;

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

  /**
   * The number of UTF-8 bytes of text that are encoded at the same time at the most, in one text or
   * several. The library takes up to 280 bytes of memory for each.
   */
  static final int MAX_BYTES = 1 << 20;

  /** Options of DJL, which by default cuts at 512 tokens, pads, and adds special tokens. */
  private static final Map<String, String> OPTIONS =
      Map.of("truncation", "false", "padding", "false", "addSpecialTokens", "false");

  /** A text of as many bytes leaves so much freed memory that it is worth the time to return it. */
  private static final int MUCH = 1 << 18;

  private static final TokenizersLibrary LIBRARY = TokenizersLibrary.LIB;

  /** A permit for each byte of text. The memory is the process's, whichever tokenizer takes it. */
  private static final Semaphore BYTES = new Semaphore(MAX_BYTES, true);

  private final HuggingFaceTokenizer tokenizer;
  private final int growth;
  private final ReadWriteLock lock = new ReentrantReadWriteLock();

  /**
   * Loads a tokenizer.
   *
   * @param definition a {@code tokenizer.json} in UTF-8
   * @param growth the number of bytes that it makes of a byte of text at the most
   * @throws IOException if the library refuses it, with the library's reason
   */
  BpeLibrary(byte[] definition, int growth) throws IOException {
    this.growth = growth;
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
   * @param text without lone surrogates, which becomes {@link #MAX_BYTES} at the most
   * @throws IllegalStateException after {@link #close}
   */
  int[] encode(String text) {
    return read(text, encoding -> toInts(LIBRARY.getTokenIds(encoding)));
  }

  /**
   * The offset of each token: the Unicode code point of the text, as it was before any normalizer,
   * at which it starts.
   *
   * @param text as {@link #encode} takes it
   * @throws IllegalStateException after {@link #close}
   */
  int[] starts(String text) {
    return read(
        text,
        encoding ->
            Arrays.stream(LIBRARY.getTokenCharSpans(encoding))
                .mapToInt(CharSpan::getStart)
                .toArray());
  }

  /**
   * Reads an encoding, as {@code HuggingFaceTokenizer.encode} does, less a string, a span and six
   * numbers for each token, which take longer than the encoding.
   */
  private int[] read(String text, LongFunction<int[]> reader) {
    int size = (int) Math.min(MAX_BYTES, growth * Utf8.length(text, 0, text.length()));
    BYTES.acquireUninterruptibly(size);
    try {
      lock.readLock().lock();
      try {
        long encoding = LIBRARY.encode(tokenizer.getHandle(), text, false);
        try {
          return reader.apply(encoding);
        } finally {
          LIBRARY.deleteEncoding(encoding);
        }
      } finally {
        // DJL's class frees the native tokenizer when it is garbage: not while it is in use.
        Reference.reachabilityFence(tokenizer);
        lock.readLock().unlock();
      }
    } finally {
      if (size >= MUCH) {
        FreedMemory.giveBack();
      }
      BYTES.release(size);
    }
  }

  private static int[] toInts(long... numbers) {
    int[] ints = new int[numbers.length];
    for (int i = 0; i < ints.length; i++) {
      ints[i] = Math.toIntExact(numbers[i]);
    }
    return ints;
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

  private static void setUnlessSet(String name, String value) {
    if (System.getenv(name) == null && System.getProperty(name) == null) {
      System.setProperty(name, value);
    }
  }
}
