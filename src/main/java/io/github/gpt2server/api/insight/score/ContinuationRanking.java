package io.github.gpt2server.api.insight.score;

import io.github.gpt2server.analysis.Continuation;
import io.github.gpt2server.api.limit.ApiLimits;
import io.github.gpt2server.api.request.PromptReader;
import io.github.gpt2server.engine.request.Generation;
import io.github.gpt2server.engine.request.SequenceRequest;
import io.github.gpt2server.engine.result.PromptScores;
import io.github.gpt2server.engine.result.SequenceEvent;
import io.github.gpt2server.serving.ServedModel;
import io.github.gpt2server.text.RandomId;
import io.github.gpt2server.web.error.ApiException;
import io.github.gpt2server.web.error.ErrorCode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Continuations of one prompt, ranked by their likelihood. Prompt and continuation are tokenized
 * apart, so that the boundary between them is a boundary of tokens.
 */
final class ContinuationRanking {
  private final ServedModel model;
  private final List<String> texts;
  private final List<Continuation> continuations = new ArrayList<>();
  private final Generation generation;

  /**
   * Checks a request that has continuations.
   *
   * @throws ApiException 400, if it cannot be answered
   */
  ContinuationRanking(ScoreRequest request, ServedModel model, ApiLimits limits) {
    this.model = model;
    this.texts = request.continuations();
    if (texts.isEmpty()) {
      throw ApiException.invalid(
          "continuations",
          "continuations must hold 1 to %d texts, but holds %d."
              .formatted(limits.maxSequences(), texts.size()));
    }
    PromptReader reader = new PromptReader(model);
    int[] prompt =
        reader.prompt("prompt", request.prompt() == null ? "" : request.prompt(), true).ids();
    List<SequenceRequest> sequences = new ArrayList<>();
    for (int i = 0; i < texts.size(); i++) {
      String field = "continuations[" + i + "]";
      if (texts.get(i) == null || texts.get(i).isEmpty()) {
        throw ApiException.invalid(
            "continuations", field + " is empty; a continuation needs at least one character.");
      }
      Continuation continuation = new Continuation(prompt, reader.encode(field, texts.get(i)));
      if (continuation.length() > model.contextLength()) {
        throw ApiException.invalid(
            "continuations",
            ErrorCode.CONTEXT_LENGTH_EXCEEDED,
            ("This model's context holds %d tokens, but the prompt's %d and the %d of %s make %d;"
                    + " shorten one of them.")
                .formatted(
                    model.contextLength(),
                    prompt.length,
                    continuation.tokens().length,
                    field,
                    continuation.length()));
      }
      continuations.add(continuation);
      sequences.add(continuation.request(1, request.cacheSalt()));
    }
    String id = RandomId.of("rank-");
    this.generation = new Generation(id, sequences, limits.requestTimeout(), false);
  }

  /** What the engine is asked. */
  Generation generation() {
    return generation;
  }

  /** The answer, from what the engine reported. */
  ScoreResponse result(List<SequenceEvent> events) {
    PromptScores[] scores = new PromptScores[texts.size()];
    for (SequenceEvent event : events) {
      if (event instanceof SequenceEvent.PromptRead read) {
        scores[event.sequence()] = read.scores();
      }
    }
    double[] likelihoods = Arrays.stream(scores).mapToDouble(Continuation::logLikelihood).toArray();
    double largest = Arrays.stream(likelihoods).max().orElseThrow();
    double total = Arrays.stream(likelihoods).map(value -> Math.exp(value - largest)).sum();
    List<Integer> order =
        IntStream.range(0, texts.size())
            .boxed()
            .sorted(Comparator.comparingDouble(i -> -likelihoods[i]))
            .toList();
    List<ScoreResponse.Continuation> ranked = new ArrayList<>();
    for (int i : order) {
      ranked.add(
          new ScoreResponse.Continuation(
              texts.get(i),
              continuations.get(i).tokens(),
              tokens(continuations.get(i).tokens(), scores[i]),
              likelihoods[i],
              Math.exp(likelihoods[i] - largest) / total,
              Arrays.stream(scores[i].ranks()).allMatch(rank -> rank == 1),
              ranked.size() + 1));
    }
    return ScoreResponse.ranked(model.id(), ranked);
  }

  private List<ScoreResponse.ContinuationToken> tokens(int[] ids, PromptScores scores) {
    return IntStream.range(0, ids.length)
        .mapToObj(
            i ->
                new ScoreResponse.ContinuationToken(
                    model.tokenizer().token(ids[i]),
                    ids[i],
                    scores.logprobs()[i],
                    scores.ranks()[i]))
        .toList();
  }
}
