package io.github.gpt2server.text;

import java.util.Locale;

/** Human-readable numbers of bytes. */
public final class Bytes {
  private Bytes() {}

  /** Returns the number in bytes, or in kB, MB or GB (powers of ten). */
  public static String text(long bytes) {
    if (bytes < 1_000) {
      return bytes + " bytes";
    }
    if (bytes < 1_000_000) {
      return format(bytes / 1e3, "kB");
    }
    return bytes < 1_000_000_000 ? format(bytes / 1e6, "MB") : format(bytes / 1e9, "GB");
  }

  private static String format(double number, String unit) {
    return String.format(Locale.ROOT, number < 10 ? "%.1f %s" : "%.0f %s", number, unit);
  }
}
