package io.github.gpt2server.text;

import java.util.Collection;
import java.util.Locale;

/** Finds the known name that a misspelt one stands for. */
public final class NearMiss {

  private NearMiss() {}

  /** Returns the known name that a misspelt one most resembles, or null if it resembles none. */
  public static String nearest(String name, Collection<String> known) {
    String given = letters(name);
    String nearest = null;
    int least = Integer.MAX_VALUE;
    for (String candidate : known) {
      String wanted = letters(candidate);
      // Short names are close to everything: top_a is not a typing error for top_k.
      int allowed = wanted.length() < 4 ? 0 : wanted.length() < 8 ? 1 : 2;
      if (Math.abs(given.length() - wanted.length()) > allowed) {
        continue;
      }
      int distance = EditDistance.between(given, wanted);
      if (distance <= allowed && distance < least) {
        least = distance;
        nearest = candidate;
      }
    }
    return nearest;
  }

  /** Removes case and punctuation, so that {@code maxTokens} equals {@code max_tokens}. */
  public static String letters(String name) {
    return name.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]", "");
  }
}
