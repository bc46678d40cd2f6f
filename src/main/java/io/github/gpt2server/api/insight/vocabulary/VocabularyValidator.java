package io.github.gpt2server.api.insight.vocabulary;

import io.github.gpt2server.api.request.Bounds;
import io.github.gpt2server.text.Excerpt;
import io.github.gpt2server.text.NearMiss;
import io.github.gpt2server.web.error.ApiException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** Turns the parameters of a query into a {@link VocabularySpec}, or refuses them. */
final class VocabularyValidator {
  private static final List<String> KNOWN = List.of("prefix", "contains", "limit");
  private static final Pattern INTEGER = Pattern.compile("-?[0-9]+");
  private static final int DEFAULT_LIMIT = 100;
  private static final int MAX_CHARACTERS = 1000;

  private final int vocabSize;
  private final boolean strict;

  /**
   * Validates for a vocabulary of this size.
   *
   * @param strict whether every unknown parameter is refused
   */
  VocabularyValidator(int vocabSize, boolean strict) {
    this.vocabSize = vocabSize;
    this.strict = strict;
  }

  /**
   * Validates the parameters.
   *
   * @param query each parameter with the values that were sent for it
   * @throws ApiException 400, if one is invalid
   */
  VocabularySpec validate(Map<String, String[]> query) {
    query.keySet().forEach(name -> requireKnown(name, query));
    return new VocabularySpec(
        text(query, "prefix").getBytes(StandardCharsets.UTF_8),
        text(query, "contains").getBytes(StandardCharsets.UTF_8),
        Bounds.integer("limit", limit(query), Math.min(DEFAULT_LIMIT, vocabSize), 0, vocabSize));
  }

  private void requireKnown(String name, Map<String, String[]> query) {
    if (KNOWN.contains(name)) {
      return;
    }
    String excerpt = Excerpt.of(name);
    String meant = NearMiss.nearest(name, KNOWN);
    if (meant != null && !query.containsKey(meant)) {
      throw ApiException.invalid(
          excerpt,
          "%s is not a parameter of this endpoint; did you mean '%s'?".formatted(excerpt, meant));
    }
    if (strict) {
      throw ApiException.invalid(
          excerpt,
          "%s is not a parameter of this endpoint, and this server refuses unknown ones; it knows %s."
              .formatted(excerpt, String.join(", ", KNOWN)));
    }
  }

  private static String text(Map<String, String[]> query, String name) {
    String value = single(query, name);
    if (value.length() > MAX_CHARACTERS) {
      throw ApiException.invalid(
          name,
          "%s may hold at most %d characters, but holds %d; send fewer."
              .formatted(name, MAX_CHARACTERS, value.length()));
    }
    return value;
  }

  private Integer limit(Map<String, String[]> query) {
    String value = single(query, "limit");
    if (value.isEmpty()) {
      return null;
    }
    if (!INTEGER.matcher(value).matches()) {
      throw ApiException.invalid(
          "limit",
          "limit must be an integer from 0 to %d, but is \"%s\"."
              .formatted(vocabSize, Excerpt.of(value)));
    }
    try {
      return Integer.valueOf(value);
    } catch (NumberFormatException e) {
      throw ApiException.invalid(
          "limit",
          "limit must be between 0 and %d, but is %s.".formatted(vocabSize, Excerpt.of(value)));
    }
  }

  /** The value of a parameter; empty if it is absent. */
  private static String single(Map<String, String[]> query, String name) {
    String[] values = query.get(name);
    if (values == null) {
      return "";
    }
    if (values.length > 1) {
      throw ApiException.invalid(
          name, "%s is in the query %d times; send it once.".formatted(name, values.length));
    }
    return values[0];
  }
}
