package io.github.gpt2server.api.insight.score;

import io.github.gpt2server.analysis.Continuation;
import io.github.gpt2server.engine.result.PromptScores;
import io.github.gpt2server.engine.result.SequenceEvent;
import io.github.gpt2server.sampling.Softmax;
import io.github.gpt2server.serving.ServedModel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/** Ranks continuations of one prompt by their likelihood. */
final class ContinuationRanking {
  private final ServedModel model;
  private final ScoreSpec.Continuations spec;

  ContinuationRanking(ServedModel model, ScoreSpec.Continuations spec) {
    this.model = model;
    this.spec = spec;
  }

  /** The response, from the events of all sequences. */
  ScoreResponse response(List<SequenceEvent> events) {
    PromptScores[] scores = new PromptScores[spec.texts().size()];
    for (SequenceEvent event : events) {
      if (event instanceof SequenceEvent.PromptRead read) {
        scores[event.sequence()] = read.scores();
      }
    }
    double[] likelihoods = Arrays.stream(scores).mapToDouble(Continuation::logLikelihood).toArray();
    double[] probabilities = Softmax.of(likelihoods, 1);
    List<Integer> order =
        IntStream.range(0, likelihoods.length)
            .boxed()
            .sorted(Comparator.comparingDouble(i -> -likelihoods[i]))
            .toList();
    List<ScoreResponse.Continuation> ranked = new ArrayList<>();
    for (int i : order) {
      int[] ids = spec.continuations().get(i).tokens();
      ranked.add(
          new ScoreResponse.Continuation(
              spec.texts().get(i),
              ids,
              tokens(ids, scores[i]),
              likelihoods[i],
              probabilities[i],
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
