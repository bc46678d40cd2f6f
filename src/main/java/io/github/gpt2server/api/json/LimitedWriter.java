package io.github.gpt2server.api.json;

import io.github.gpt2server.web.error.FieldException;
import java.io.Writer;

/** A string that is being read, up to a number of characters. */
final class LimitedWriter extends Writer {
  private final int limit;
  private final boolean cutting;
  private final StringBuilder text = new StringBuilder();
  private boolean cut;

  private LimitedWriter(int limit, boolean cutting) {
    this.limit = limit;
    this.cutting = cutting;
  }

  /** Refuses what is longer, as soon as it is. */
  static LimitedWriter refusing(int limit) {
    return new LimitedWriter(limit, false);
  }

  /** Leaves out what is beyond the limit. */
  static LimitedWriter cutting(int limit) {
    return new LimitedWriter(limit, true);
  }

  /** Returns whether something was left out. */
  boolean isCut() {
    return cut;
  }

  @Override
  public void write(char[] source, int offset, int length) {
    int fitting = Math.min(length, limit - text.length());
    if (fitting < length && !cutting) {
      throw new FieldException(
          "may have at most " + limit + " characters, but has more; send a shorter text.");
    }
    cut |= fitting < length;
    text.append(source, offset, fitting);
  }

  @Override
  public void flush() {}

  @Override
  public void close() {}

  @Override
  public String toString() {
    return text.toString();
  }
}
