package io.github.gpt2server.tokenizer;

import java.util.function.Function;
import java.util.function.IntUnaryOperator;

/**
 * Encodes long texts in segments, with the tokens of the whole and in memory that does not depend
 * on the text's length.
 *
 * <p>Each segment begins where a token of the one before it ends, some tokens before that one's
 * end, so that this one's tokens so far are those of the whole; and its first token must be the one
 * that follows there. Inside a word that suffices: if BPE of x ends with token t, BPE of y begins
 * with token u, and t and u are neighbors in BPE of any text, then BPE of xy is that of x followed
 * by that of y. For the first merge across the boundary would join the last part of x with the
 * first part of y at that time; these are parts of t and u, because every token has one way to be
 * made, by merges of rising rank; so in the other text, too, t and u would have been joined. Where
 * the first tokens differ, the segment begins further back.
 *
 * <p>Safe for concurrent use if the given encoder is.
 */
final class SegmentedEncoder {

  /**
   * The least number of tokens by which segments overlap. Whether a text may be cut depends on two
   * characters after the cut, which have eight bytes at most.
   */
  private static final int OVERLAP = 8;

  private final SplitPoints splitPoints;
  private final Function<String, int[]> whole;
  private final IntUnaryOperator bytes;
  private final int segment;
  private final int longest;

  /**
   * Makes an encoder.
   *
   * @param splitPoints where texts may be cut; null if nowhere
   * @param whole encodes a text as a whole
   * @param bytes the number of bytes of a token
   * @param segment the number of UTF-16 units of a segment, unless it must have more
   * @param longest the number of UTF-8 bytes that are encoded as a whole at the most
   */
  SegmentedEncoder(
      SplitPoints splitPoints,
      Function<String, int[]> whole,
      IntUnaryOperator bytes,
      int segment,
      int longest) {
    this.splitPoints = splitPoints;
    this.whole = whole;
    this.bytes = bytes;
    this.segment = segment;
    this.longest = longest;
  }

  /** A part of a text and its tokens. */
  private record Segment(int from, int to, int[] tokens) {}

  /** A cut before a token of a segment. */
  private record Cut(int token, int position) {}

  /**
   * The token ids of a text.
   *
   * @param text without lone surrogates
   * @throws IllegalArgumentException if it, or a part of it that cannot be cut, is too long
   */
  int[] encode(String text) {
    return encode(text, () -> {});
  }

  /**
   * The same.
   *
   * @param onSegment called before each segment but the first; what it throws ends the work
   */
  int[] encode(String text, Runnable onSegment) {
    Segment current = read(text, 0, splitPoints == null ? text.length() : segment);
    if (current.to == text.length()) {
      return current.tokens;
    }
    IntList ids = new IntList(text.length() / 4);
    while (current.to < text.length()) {
      Segment next = null;
      Cut cut = cut(text, current, OVERLAP);
      while (cut != null && next == null) {
        onSegment.run();
        next = read(text, cut.position, segment);
        if (next.tokens[0] != current.tokens[cut.token]) {
          next = null;
          cut = cut(text, current, 2 * (current.tokens.length - cut.token));
        }
      }
      if (next == null) {
        onSegment.run();
        current = read(text, current.from, 2 * (current.to - current.from));
      } else {
        ids.add(current.tokens, cut.token);
        current = next;
      }
    }
    ids.add(current.tokens, current.tokens.length);
    return ids.toArray();
  }

  private Segment read(String text, int from, int length) {
    int to = length < text.length() - from ? from + length : text.length();
    if (to > from && to < text.length() && Character.isHighSurrogate(text.charAt(to - 1))) {
      to++;
    }
    long size = Utf8.length(text, from, to);
    if (size > longest) {
      throw new IllegalArgumentException(
          splitPoints == null
              ? ("the text has %d bytes in UTF-8, but this model's tokenizer, which reads texts as a"
                      + " whole, can read %d; send it in parts")
                  .formatted(size, longest)
              : ("the text has more than %d bytes in UTF-8 without a place where it can be cut, as"
                      + " must be to read it; send it in parts")
                  .formatted(longest));
    }
    return new Segment(from, to, whole.apply(text.substring(from, to)));
  }

  /**
   * The last cut of a segment.
   *
   * @param overlap the number of tokens that follow it at least
   * @return null if there is none
   */
  private Cut cut(String text, Segment segment, int overlap) {
    int position = segment.to;
    long ahead = 0;
    for (int token = segment.tokens.length - 1; token > 0; token--) {
      ahead += bytes.applyAsInt(segment.tokens[token]);
      while (ahead > 0) {
        position--;
        ahead -= Utf8.length(text.charAt(position));
      }
      // Below zero, or between surrogates, the token begins inside a character.
      if (ahead == 0
          && !Character.isLowSurrogate(text.charAt(position))
          && segment.tokens.length - token >= overlap
          && splitPoints.allows(text, position)) {
        return new Cut(token, position);
      }
    }
    return null;
  }
}
