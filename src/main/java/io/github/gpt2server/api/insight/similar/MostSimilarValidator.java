package io.github.gpt2server.api.insight.similar;

import io.github.gpt2server.analysis.NearestTokens;
import io.github.gpt2server.api.request.Bounds;
import io.github.gpt2server.api.request.ModelCheck;
import io.github.gpt2server.api.request.PromptReader;
import io.github.gpt2server.serving.ServedModel;
import io.github.gpt2server.text.Excerpt;
import io.github.gpt2server.web.error.ApiException;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Turns a {@link MostSimilarRequest} into a {@link MostSimilarSpec}, or refuses it. */
final class MostSimilarValidator {
  private static final int DEFAULT_TOP_K = 10;

  /** Maximum number of tokens that a message lists for a term of several tokens. */
  private static final int MAX_LISTED = 8;

  private final ServedModel model;
  private final PromptReader reader;

  MostSimilarValidator(ServedModel model) {
    this.model = model;
    this.reader = new PromptReader(model);
  }

  /**
   * Validates a request.
   *
   * @throws ApiException 400 or 404, if it is invalid
   */
  MostSimilarSpec validate(MostSimilarRequest request) {
    ModelCheck.check(request.model(), model);
    int[] positive = terms("positive", request.positive());
    int[] negative = terms("negative", request.negative());
    requireVector(positive, negative);
    int vocabSize = model.vocabSize();
    int topK =
        Bounds.integer("top_k", request.topK(), Math.min(DEFAULT_TOP_K, vocabSize), 1, vocabSize);
    int excluded =
        (int) IntStream.concat(Arrays.stream(positive), Arrays.stream(negative)).distinct().count();
    return new MostSimilarSpec(
        new NearestTokens(positive, negative, Math.min(topK, vocabSize - excluded)));
  }

  private int[] terms(String field, List<String> terms) {
    if (terms == null) {
      return new int[0];
    }
    return IntStream.range(0, terms.size())
        .map(i -> token(field, field + "[" + i + "]", terms.get(i)))
        .toArray();
  }

  private int token(String field, String place, String term) {
    if (term.isEmpty()) {
      throw ApiException.invalid(
          field, place + " is empty; a term is the text of one token, such as \" king\".");
    }
    int[] tokens = reader.encode(place, term);
    if (tokens.length > 1) {
      throw ApiException.invalid(
          field,
          "%s must be one token, but \"%s\" is %d tokens: %s; %s"
              .formatted(place, Excerpt.of(term), tokens.length, listed(tokens), remedy(term)));
    }
    return tokens[0];
  }

  private String listed(int[] tokens) {
    String some =
        Arrays.stream(tokens)
            .limit(MAX_LISTED)
            .mapToObj(token -> "\"" + Excerpt.of(model.tokenizer().token(token)) + "\"")
            .collect(Collectors.joining(", "));
    return tokens.length > MAX_LISTED ? some + ", …" : some;
  }

  private String remedy(String term) {
    String spaced = " " + term;
    return reader.encode("", spaced).length == 1
        ? "with a leading space, \"%s\", it is one.".formatted(Excerpt.of(spaced))
        : "use another word; POST /v1/tokenize shows a word's tokens.";
  }

  /** Without terms, or with the same on both sides, the sum of the vectors is zero. */
  private static void requireVector(int[] positive, int[] negative) {
    if (positive.length + negative.length == 0) {
      throw ApiException.invalid(
          "positive",
          "positive and negative are empty; send at least one term, such as \" king\".");
    }
    if (Arrays.equals(sorted(positive), sorted(negative))) {
      throw ApiException.invalid(
          "negative",
          "negative contains the same terms as positive, so they cancel out; change one of them.");
    }
  }

  private static int[] sorted(int[] tokens) {
    return Arrays.stream(tokens).sorted().toArray();
  }
}
