package io.github.gpt2server.tokenizer;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ai.djl.huggingface.tokenizers.jni.CharSpan;
import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.lang.ref.Reference;
import java.util.Map;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.LongConsumer;
import java.util.stream.IntStream;

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

  /**
   * UTF-16 units of text that are encoded together if it can be cut. The library takes some 250
   * bytes of memory for each byte of text, and slows down as it outgrows the processor's caches.
   */
  private static final int PIECE = 1 << 15;

  /**
   * So long a piece, a text without a place to cut it, is encoded while no other such is: eight of
   * the longest at once would take sixteen gigabytes.
   */
  private static final int LONG_PIECE = 1 << 18;

  private static final TokenizersLibrary LIBRARY = TokenizersLibrary.LIB;

  private final Object onePieceAtATime = new Object();
  private final HuggingFaceTokenizer tokenizer;
  private final boolean splitsAtWords;
  private final ReadWriteLock lock = new ReentrantReadWriteLock();

  /**
   * Loads a tokenizer.
   *
   * @param definition a {@code tokenizer.json} in UTF-8
   * @param splitsAtWords whether it encodes the pieces between {@link WordBoundaries} as it would
   *     the whole
   * @throws IOException if the library refuses it, with the library's reason
   */
  BpeLibrary(byte[] definition, boolean splitsAtWords) throws IOException {
    this.splitsAtWords = splitsAtWords;
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
    IntStream.Builder ids = IntStream.builder();
    encode(text, false, encoding -> addAll(ids, LIBRARY.getTokenIds(encoding)));
    return ids.build().toArray();
  }

  /**
   * For each token the Unicode code point of the text, as it was before any normalizer, at which it
   * starts.
   *
   * @param text without lone surrogates
   * @throws IllegalStateException after {@link #close}
   */
  int[] starts(String text) {
    IntStream.Builder starts = IntStream.builder();
    // Pieces of a text would count from their own start.
    encodeWhole(
        text,
        false,
        encoding -> {
          for (CharSpan span : LIBRARY.getTokenCharSpans(encoding)) {
            starts.add(span.getStart());
          }
        });
    return starts.build().toArray();
  }

  /**
   * The ids that the tokenizer puts before and after a text.
   *
   * @param text one that has tokens of its own
   */
  Surroundings surroundings(String text) {
    IntStream.Builder before = IntStream.builder();
    IntStream.Builder after = IntStream.builder();
    encodeWhole(
        text,
        true,
        encoding -> {
          long[] ids = LIBRARY.getTokenIds(encoding);
          long[] added = LIBRARY.getSpecialTokenMask(encoding);
          boolean within = false;
          for (int i = 0; i < ids.length; i++) {
            within |= added[i] == 0;
            if (added[i] != 0) {
              (within ? after : before).add(Math.toIntExact(ids[i]));
            }
          }
        });
    return new Surroundings(before.build().toArray(), after.build().toArray());
  }

  private void encode(String text, boolean addSpecialTokens, LongConsumer reader) {
    for (int from = 0; from < text.length(); ) {
      int to = splitsAtWords ? WordBoundaries.next(text, from + PIECE) : text.length();
      encodeWhole(text.substring(from, to), addSpecialTokens, reader);
      from = to;
    }
  }

  /**
   * Gives the reader an encoding, as {@code HuggingFaceTokenizer.encode} does, less a string, a
   * span and six numbers for each token, which take longer than the encoding.
   */
  private void encodeWhole(String piece, boolean addSpecialTokens, LongConsumer reader) {
    if (piece.length() < LONG_PIECE) {
      read(piece, addSpecialTokens, reader);
      return;
    }
    synchronized (onePieceAtATime) {
      read(piece, addSpecialTokens, reader);
      FreedMemory.giveBack();
    }
  }

  private void read(String piece, boolean addSpecialTokens, LongConsumer reader) {
    lock.readLock().lock();
    try {
      long encoding = LIBRARY.encode(tokenizer.getHandle(), piece, addSpecialTokens);
      try {
        reader.accept(encoding);
      } finally {
        LIBRARY.deleteEncoding(encoding);
      }
    } finally {
      // DJL's class frees the native tokenizer when it is garbage: not while it is in use.
      Reference.reachabilityFence(tokenizer);
      lock.readLock().unlock();
    }
  }

  private static void addAll(IntStream.Builder numbers, long... more) {
    for (long number : more) {
      numbers.add(Math.toIntExact(number));
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

  private static void setUnlessSet(String name, String value) {
    if (System.getenv(name) == null && System.getProperty(name) == null) {
      System.setProperty(name, value);
    }
  }
}
