package io.github.gpt2server.constraint.json;

import java.util.Map;
import java.util.TreeMap;

/** The values of {@code format} that can be generated, as regular expressions. */
final class Formats {
  private static final String DATE =
      "[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
          + "|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
          // Without the 29th, which few years have.
          + "|02-(?:0[1-9]|1[0-9]|2[0-8]))";
  private static final String TIME =
      "(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\\.[0-9]{1,9})?"
          + "(?:Z|[+-](?:0[0-9]|1[0-3]):[0-5][0-9])";
  private static final String BYTE = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";
  private static final String LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,30}[A-Za-z0-9])?";

  static final Map<String, String> BY_NAME =
      new TreeMap<>(
          Map.of(
              "date",
              DATE,
              "time",
              TIME,
              "date-time",
              DATE + "T" + TIME,
              "uuid",
              "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}",
              "ipv4",
              "(?:" + BYTE + "\\.){3}" + BYTE,
              "email",
              "[A-Za-z0-9_%+-]{1,20}(?:\\.[A-Za-z0-9_%+-]{1,20}){0,2}@(?:"
                  + LABEL
                  + "\\.){1,3}[A-Za-z]{2,10}"));

  private Formats() {}
}
