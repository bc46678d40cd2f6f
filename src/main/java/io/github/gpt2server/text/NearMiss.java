package io.github.gpt2server.text;

import java.util.Collection;
import java.util.Locale;

/** Suggestions for misspelt names. */
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
      int distance = distance(given, wanted);
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

  /** Edit distance in which a swap of neighbours counts as one edit (optimal string alignment). */
  private static int distance(String a, String b) {
    int[][] d = new int[a.length() + 1][b.length() + 1];
    for (int i = 0; i <= a.length(); i++) {
      d[i][0] = i;
    }
    for (int j = 0; j <= b.length(); j++) {
      d[0][j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      for (int j = 1; j <= b.length(); j++) {
        int change = a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1;
        d[i][j] = Math.min(Math.min(d[i - 1][j], d[i][j - 1]) + 1, d[i - 1][j - 1] + change);
        if (i > 1
            && j > 1
            && a.charAt(i - 1) == b.charAt(j - 2)
            && a.charAt(i - 2) == b.charAt(j - 1)) {
          d[i][j] = Math.min(d[i][j], d[i - 2][j - 2] + 1);
        }
      }
    }
    return d[a.length()][b.length()];
  }
}
