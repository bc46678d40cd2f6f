package io.github.gpt2server.api.insight.similar;

import io.github.gpt2server.analysis.NearestTokens;
import io.github.gpt2server.api.limit.ApiLimits;
import io.github.gpt2server.api.request.Bounds;
import io.github.gpt2server.api.request.ModelCheck;
import io.github.gpt2server.api.request.PromptReader;
import io.github.gpt2server.engine.request.TaskRequest;
import io.github.gpt2server.serving.ServedModel;
import io.github.gpt2server.text.Excerpt;
import io.github.gpt2server.text.RandomId;
import io.github.gpt2server.web.error.ApiException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** A valid most-similar request. */
final class MostSimilarQuestion {
  private static final int DEFAULT_TOP_K = 10;

  /** So many tokens of a term that is not one token are shown. */
  private static final int SHOWN_TOKENS = 8;

  private final ServedModel model;
  private final PromptReader reader;
  private final TaskRequest<Map<Integer, Float>> task;

  private MostSimilarQuestion(MostSimilarRequest request, ServedModel model, ApiLimits limits) {
    ModelCheck.check(request.model(), model);
    this.model = model;
    this.reader = new PromptReader(model);
    int[] positive = terms("positive", request.positive());
    int[] negative = terms("negative", request.negative());
    if (positive.length + negative.length == 0) {
      throw ApiException.invalid(
          "positive", "positive or negative must hold at least one term, such as \" king\".");
    }
    if (Arrays.equals(sorted(positive), sorted(negative))) {
      throw ApiException.invalid(
          "negative",
          "negative has the same terms as positive, so that nothing is left to compare with;"
              + " change one of them.");
    }
    int topK =
        Bounds.integer(
            "top_k",
            request.topK(),
            Math.min(DEFAULT_TOP_K, model.vocabSize()),
            1,
            model.vocabSize());
    int given =
        (int) IntStream.concat(Arrays.stream(positive), Arrays.stream(negative)).distinct().count();
    task =
        new NearestTokens(positive, negative, Math.min(topK, model.vocabSize() - given))
            .task(RandomId.of("similar-"), limits.requestTimeout());
  }

  /**
   * Checks a request.
   *
   * @throws ApiException 400 or 404, if it cannot be answered
   */
  static MostSimilarQuestion of(MostSimilarRequest request, ServedModel model, ApiLimits limits) {
    return new MostSimilarQuestion(request, model, limits);
  }

  /** What the engine is asked. */
  TaskRequest<Map<Integer, Float>> task() {
    return task;
  }

  /** The answer, from the nearest tokens and their cosines. */
  MostSimilarResponse response(Map<Integer, Float> nearest) {
    return new MostSimilarResponse(
        nearest.entrySet().stream()
            .map(
                near ->
                    new MostSimilarResponse.Neighbour(
                        near.getKey(), model.tokenizer().token(near.getKey()), near.getValue()))
            .toList());
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
    if (term == null || term.isEmpty()) {
      throw ApiException.invalid(field, place + " is empty; a term is the text of one token.");
    }
    int[] tokens = reader.encode(place, term);
    if (tokens.length > 1) {
      throw ApiException.invalid(
          field,
          "%s must be one token, but \"%s\" is %d: %s; %s"
              .formatted(place, Excerpt.of(term), tokens.length, shown(tokens), remedy(term)));
    }
    return tokens[0];
  }

  private String shown(int[] tokens) {
    String some =
        Arrays.stream(tokens)
            .limit(SHOWN_TOKENS)
            .mapToObj(token -> "\"" + Excerpt.of(model.tokenizer().token(token)) + "\"")
            .collect(Collectors.joining(", "));
    return tokens.length > SHOWN_TOKENS ? some + ", …" : some;
  }

  private String remedy(String term) {
    String spaced = " " + term;
    return reader.encode("", spaced).length == 1
        ? "with a space before it, \"%s\", it is one.".formatted(Excerpt.of(spaced))
        : "choose another word, or see with /v1/tokenize what its tokens are.";
  }

  private static int[] sorted(int[] tokens) {
    return Arrays.stream(tokens).sorted().toArray();
  }
}
