package io.github.gpt2server.api.insight.nexttoken;

import io.github.gpt2server.analysis.Continuation;
import io.github.gpt2server.analysis.TokenDistribution;
import io.github.gpt2server.api.encoding.EncodingFormat;
import io.github.gpt2server.api.encoding.PackedTokens;
import io.github.gpt2server.api.execution.RunningGeneration;
import io.github.gpt2server.api.insight.token.NextToken;
import io.github.gpt2server.api.insight.token.TokenDraw;
import io.github.gpt2server.engine.result.PromptScores;
import io.github.gpt2server.engine.result.SequenceEvent;
import io.github.gpt2server.sampling.DrawDistribution;
import io.github.gpt2server.sampling.NoCandidateException;
import io.github.gpt2server.serving.ServedModel;
import io.github.gpt2server.web.error.ApiException;
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
      float[] logits = sequences.next().nextTokenLogits();
      TokenDistribution distribution = TokenDistribution.of(logits, spec.temperature());
      DrawDistribution draws = draws(spec, prompt, logits);
      List<NextTokenResponse.Candidate> candidates = new ArrayList<>();
      for (NextTokenSpec.Candidate candidate : spec.candidates()) {
        candidates.add(
            candidate.single()
                ? single(candidate, distribution, draws)
                : several(candidate, sequences.next().scores(), draws));
      }
      results.add(
          new NextTokenResponse.Result(
              prompt.length,
              distribution.entropyBits(),
              top(spec, distribution, draws),
              candidates));
    }
    return spec.several()
        ? NextTokenResponse.several(model.id(), results)
        : NextTokenResponse.single(model.id(), results.get(0));
  }

  /** How the next token would be drawn, or null if that is not asked for. */
  private static DrawDistribution draws(NextTokenSpec spec, int[] prompt, float[] logits) {
    if (spec.sampling() == null) {
      return null;
    }
    try {
      return spec.sampling().after(prompt).distribution(logits);
    } catch (NoCandidateException e) {
      throw ApiException.invalid(
          "sampling", "sampling leaves no token that could be drawn; exclude fewer tokens.");
    }
  }

  private Object top(NextTokenSpec spec, TokenDistribution distribution, DrawDistribution draws) {
    if (spec.encoding() == EncodingFormat.FLOAT) {
      return NextToken.likeliest(distribution, spec.topK(), model.tokenizer(), draws);
    }
    int[] ids = distribution.likeliest(spec.topK());
    float[] logprobs = new float[ids.length];
    float[] probabilities = new float[draws == null ? 0 : ids.length];
    for (int i = 0; i < ids.length; i++) {
      logprobs[i] = (float) distribution.logprob(ids[i]);
    }
    for (int i = 0; i < probabilities.length; i++) {
      probabilities[i] = draws.probability(ids[i]);
    }
    PackedTokens packed = PackedTokens.of(ids, logprobs);
    return draws == null ? packed : packed.withSamplingProbabilities(probabilities);
  }

  private static NextTokenResponse.Candidate single(
      NextTokenSpec.Candidate candidate, TokenDistribution distribution, DrawDistribution draws) {
    int token = candidate.tokens()[0];
    return candidate(
        candidate,
        distribution.logprob(token),
        distribution.rank(token),
        TokenDraw.of(draws, token));
  }

  private static NextTokenResponse.Candidate several(
      NextTokenSpec.Candidate candidate, PromptScores scores, DrawDistribution draws) {
    return candidate(
        candidate,
        Continuation.logLikelihood(scores),
        null,
        draws == null ? null : TokenDraw.UNKNOWN);
  }

  private static NextTokenResponse.Candidate candidate(
      NextTokenSpec.Candidate candidate, double logprob, Integer rank, TokenDraw draw) {
    return new NextTokenResponse.Candidate(
        candidate.text(), candidate.tokens(), Math.exp(logprob), logprob, rank, draw);
  }
}
