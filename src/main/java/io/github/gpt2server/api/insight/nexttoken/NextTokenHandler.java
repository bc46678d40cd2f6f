package io.github.gpt2server.api.insight.nexttoken;

import io.github.gpt2server.analysis.ChoiceRequests;
import io.github.gpt2server.analysis.TokenDistribution;
import io.github.gpt2server.api.encoding.EncodingFormat;
import io.github.gpt2server.api.encoding.PackedTokens;
import io.github.gpt2server.api.execution.RunningGeneration;
import io.github.gpt2server.api.insight.token.NextToken;
import io.github.gpt2server.engine.result.SequenceEvent;
import io.github.gpt2server.engine.result.SequenceEvent.PromptRead;
import io.github.gpt2server.sampling.DrawDistribution;
import io.github.gpt2server.serving.ServedModel;
import java.util.ArrayList;
import java.util.Arrays;
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
    PromptRead[] read = new PromptRead[spec.generation().sequences().size()];
    for (SequenceEvent event : events) {
      if (event instanceof PromptRead prompt) {
        read[event.sequence()] = prompt;
      }
    }
    List<NextTokenResponse.Result> results = new ArrayList<>();
    int answered = 0;
    for (int i = 0; i < spec.prompts().size(); i++) {
      ChoiceRequests question = spec.questions().get(i);
      int end = answered + question.requests().size();
      List<PromptRead> answers = Arrays.asList(read).subList(answered, end);
      results.add(result(spec, spec.prompts().get(i), question, answers));
      answered = end;
    }
    return spec.several()
        ? NextTokenResponse.several(model.id(), results)
        : NextTokenResponse.single(model.id(), results.get(0));
  }

  private NextTokenResponse.Result result(
      NextTokenSpec spec, int[] prompt, ChoiceRequests question, List<PromptRead> answers) {
    TokenDistribution distribution = question.distribution(answers);
    Draws draws =
        spec.sampling() == null
            ? null
            : new Draws(spec.sampling(), prompt, question.logits(answers));
    double[] logprobs = question.logprobs(answers, distribution);
    List<NextTokenResponse.Candidate> candidates = new ArrayList<>();
    for (int i = 0; i < logprobs.length; i++) {
      NextTokenSpec.Candidate candidate = spec.candidates().get(i);
      int choice = i;
      candidates.add(
          new NextTokenResponse.Candidate(
              candidate.text(),
              candidate.tokens(),
              StrictMath.exp(logprobs[i]),
              logprobs[i],
              candidate.single() ? distribution.rank(candidate.tokens()[0]) : null,
              draws == null
                  ? null
                  : draws.of(
                      candidate.tokens(), length -> question.logits(answers, choice, length))));
    }
    return new NextTokenResponse.Result(
        prompt.length,
        distribution.entropyBits(),
        top(spec, distribution, draws == null ? null : draws.next()),
        candidates);
  }

  private Object top(NextTokenSpec spec, TokenDistribution distribution, DrawDistribution draws) {
    if (spec.encoding() == EncodingFormat.FLOAT) {
      return NextToken.likeliest(distribution, spec.topK(), model.tokenizer(), draws);
    }
    int[] ids = distribution.likeliest(spec.topK());
    float[] logprobs = new float[ids.length];
    for (int i = 0; i < ids.length; i++) {
      logprobs[i] = (float) distribution.logprob(ids[i]);
    }
    PackedTokens packed = PackedTokens.of(ids, logprobs);
    if (draws == null) {
      return packed;
    }
    float[] probabilities = new float[ids.length];
    byte[] removedBy = new byte[ids.length];
    for (int i = 0; i < ids.length; i++) {
      probabilities[i] = draws.probability(ids[i]);
      removedBy[i] = draws.removalCode(ids[i]);
    }
    return packed.withDraws(probabilities, removedBy);
  }
}
