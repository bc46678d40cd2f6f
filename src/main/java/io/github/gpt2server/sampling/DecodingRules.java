package io.github.gpt2server.sampling;

import java.util.ArrayList;
import java.util.List;

/**
 * Rules of decoding beyond the usual parameters, each of which few requests use.
 *
 * @param allowedTokens the only tokens that may be generated; null for all
 * @param badWords token sequences that may not be generated
 * @param noRepeatNgramSize size of the n-grams that may not be repeated; 0 for none
 * @param dry penalty on the continuation of repetitions, or null
 * @param xtc removal of top choices, or null
 * @param mirostat truncation by surprise, or null
 */
public record DecodingRules(
    int[] allowedTokens,
    List<int[]> badWords,
    int noRepeatNgramSize,
    DryPenalty dry,
    Xtc xtc,
    Mirostat mirostat) {

  /** No rules. */
  public static final DecodingRules NONE = new DecodingRules(null, List.of(), 0, null, null, null);

  /** Copies the list. */
  public DecodingRules {
    badWords = List.copyOf(badWords);
  }

  /** The request fields that ask for rules, in the order of their descriptions. */
  public List<String> fields() {
    List<String> fields = new ArrayList<>();
    add(fields, "allowed_token_ids", allowedTokens != null);
    add(fields, "bad_words", !badWords.isEmpty());
    add(fields, "no_repeat_ngram_size", noRepeatNgramSize > 0);
    add(fields, "dry_multiplier", dry != null);
    fields.addAll(drawingFields());
    return fields;
  }

  /** Those of {@link #fields} that concern how a token is drawn from the edited logits. */
  public List<String> drawingFields() {
    List<String> fields = new ArrayList<>();
    add(fields, "xtc_probability", xtc != null);
    add(fields, "mirostat", mirostat != null);
    return fields;
  }

  private static void add(List<String> fields, String field, boolean used) {
    if (used) {
      fields.add(field);
    }
  }

  /** Returns whether a rule excludes tokens, so that none may be left. */
  boolean excludes() {
    return allowedTokens != null || !badWords.isEmpty() || noRepeatNgramSize > 0;
  }
}
