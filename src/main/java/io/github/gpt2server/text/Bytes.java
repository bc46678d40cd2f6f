package io.github.gpt2server.text;

import java.util.Locale;

/** Numbers of bytes for people. */
public final class Bytes {
  private Bytes() {}

  /** In bytes, kB, MB or GB of powers of ten. */
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
