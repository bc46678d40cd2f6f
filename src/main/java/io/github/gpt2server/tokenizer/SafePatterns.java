package io.github.gpt2server.tokenizer;

import java.util.Set;
import java.util.regex.Pattern;

/**
 * Regular expressions that the library may be given: it ends the process where one takes more than
 * ten million steps at one place of a text, as {@code (a+)+$} does after 25 letters.
 */
final class SafePatterns {

  /**
   * The patterns that tokenizers of byte-level BPE split by: GPT-2, cl100k and Llama 3, Qwen 2,
   * o200k. None goes over a run of characters more than a few times.
   */
  private static final Set<String> KNOWN =
      Set.of(
          "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
          "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}|"
              + " ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
          "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}|"
              + " ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
          "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*"
              + "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|"
              + "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+"
              + "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|"
              + "\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+");

  private static final int MAX_LENGTH = 500;

  private static final String ESCAPE = "\\\\(?:[sSdDwWnrt]|[pP]\\{\\w+\\}|[!-/:-@\\[-`{-~])";

  private static final String ATOM =
      "(?:[^\\\\\\[\\](){}|.^$?*+]|" + ESCAPE + "|\\[\\^?(?:[^\\\\\\[\\]^&]|" + ESCAPE + ")+\\])";

  /**
   * Alternatives of single characters, of which one may be left out and the last may be repeated.
   * Nothing comes after what is repeated, so that no step is ever taken back. None matches the
   * empty text, at which the library's {@code Replace} ends the process too.
   */
  private static final Pattern LINEAR =
      Pattern.compile(
          "(?:ALTERNATIVE)(?:\\|(?:ALTERNATIVE))*+"
              .replace(
                  "ALTERNATIVE",
                  "(?:ATOM*?ATOM\\?)?ATOM++(?:\\+|\\{[1-9]\\d?(?:,\\d{0,2})?\\})?"
                      .replace("ATOM", ATOM)));

  private SafePatterns() {}

  /** Returns whether a regular expression is known, or can be seen, to take few steps. */
  static boolean contain(String regex) {
    return KNOWN.contains(regex)
        || (regex.length() <= MAX_LENGTH && LINEAR.matcher(regex).matches());
  }
}
