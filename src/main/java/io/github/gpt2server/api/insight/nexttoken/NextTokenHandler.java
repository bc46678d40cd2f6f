package io.github.gpt2server.api.insight.nexttoken;

import io.github.gpt2server.analysis.Continuation;
import io.github.gpt2server.analysis.TokenDistribution;
import io.github.gpt2server.api.execution.RunningGeneration;
import io.github.gpt2server.api.insight.token.NextToken;
import io.github.gpt2server.engine.result.PromptScores;
import io.github.gpt2server.engine.result.SequenceEvent;
import io.github.gpt2server.serving.ServedModel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;

/** Computes next-token distributions on the engine and builds their response. */
final class NextTokenHandler {
  private final ServedModel model;

  NextTokenHandler(ServedModel model) {
    this.model = model;
  }

  /** Computes the distribution after each prompt. */
  NextTokenResponse predict(NextTokenSpec spec) {
    try (RunningGeneration running =
        RunningGeneration.submit(model.engine()::submit, spec.generation())) {
      return response(spec, running.awaitAll());
    }
  }

  private NextTokenResponse response(NextTokenSpec spec, List<SequenceEvent> events) {
    SequenceEvent.PromptRead[] read =
        new SequenceEvent.PromptRead[spec.generation().sequences().size()];
    for (SequenceEvent event : events) {
      if (event instanceof SequenceEvent.PromptRead prompt) {
        read[event.sequence()] = prompt;
      }
    }
    Iterator<SequenceEvent.PromptRead> sequences = Arrays.asList(read).iterator();
    List<NextTokenResponse.Result> results = new ArrayList<>();
    for (int[] prompt : spec.prompts()) {
      TokenDistribution distribution =
          TokenDistribution.of(sequences.next().nextTokenLogits(), spec.temperature());
      List<NextTokenResponse.Candidate> candidates = new ArrayList<>();
      for (NextTokenSpec.Candidate candidate : spec.candidates()) {
        candidates.add(
            candidate.single()
                ? single(candidate, distribution)
                : several(candidate, sequences.next().scores()));
      }
      results.add(
          new NextTokenResponse.Result(
              prompt.length,
              distribution.entropyBits(),
              NextToken.likeliest(distribution, spec.topK(), model.tokenizer()),
              candidates));
    }
    return spec.several()
        ? NextTokenResponse.several(model.id(), results)
        : NextTokenResponse.single(model.id(), results.get(0));
  }

  private static NextTokenResponse.Candidate single(
      NextTokenSpec.Candidate candidate, TokenDistribution distribution) {
    int token = candidate.tokens()[0];
    return candidate(candidate, distribution.logprob(token), distribution.rank(token));
  }

  private static NextTokenResponse.Candidate several(
      NextTokenSpec.Candidate candidate, PromptScores scores) {
    return candidate(candidate, Continuation.logLikelihood(scores), null);
  }

  private static NextTokenResponse.Candidate candidate(
      NextTokenSpec.Candidate candidate, double logprob, Integer rank) {
    return new NextTokenResponse.Candidate(
        candidate.text(), candidate.tokens(), Math.exp(logprob), logprob, rank);
  }
}
