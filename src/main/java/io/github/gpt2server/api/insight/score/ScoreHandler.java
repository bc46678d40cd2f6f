package io.github.gpt2server.api.insight.score;

import io.github.gpt2server.api.execution.RunningGeneration;
import io.github.gpt2server.serving.ServedModel;
import io.github.gpt2server.web.ServerSentEvents;
import io.github.gpt2server.web.ratelimit.Quota;
import java.time.Duration;
import java.util.List;
import java.util.function.IntConsumer;

/** Scores texts and ranks continuations on the engine and builds their responses. */
final class ScoreHandler {
  private final ServedModel model;
  private final Duration timeout;

  ScoreHandler(ServedModel model, Duration timeout) {
    this.model = model;
    this.timeout = timeout;
  }

  /** Scores texts, or ranks continuations. */
  ScoreResponse score(ScoreSpec spec) {
    return spec instanceof ScoreSpec.Texts texts
        ? score(texts, scoring(texts), () -> {}, scored -> {})
        : rank((ScoreSpec.Continuations) spec);
  }

  /** Scores texts and sends progress after every window, then the result. */
  void stream(ScoreSpec.Texts spec, ServerSentEvents out) {
    List<TextScoring> texts = scoring(spec);
    int total = texts.stream().mapToInt(TextScoring::scoredTokens).sum();
    ScoreResponse response =
        score(
            spec,
            texts,
            () -> {
              out.waiting();
              out.flush();
            },
            scored -> {
              out.event("progress", new ScoreResponse.Progress(scored, total));
              out.flush();
            });
    out.data(response);
    Quota.current().end();
    out.done();
    out.flush();
  }

  private List<TextScoring> scoring(ScoreSpec.Texts spec) {
    return spec.texts().stream().map(text -> new TextScoring(model, timeout, spec, text)).toList();
  }

  /**
   * Scores one window after the other.
   *
   * @param silence called whenever nothing has happened for a while
   * @param progress receives the number of scored tokens after each window
   */
  private ScoreResponse score(
      ScoreSpec.Texts spec, List<TextScoring> texts, Runnable silence, IntConsumer progress) {
    Quota.current().reserve(texts.stream().mapToLong(TextScoring::readTokens).sum());
    long deadline = System.nanoTime() + timeout.toNanos();
    int scored = 0;
    for (TextScoring text : texts) {
      for (int window = 0; window < text.windows(); window++) {
        text.run(window, deadline, scored == 0, silence);
        scored += text.scoredTokens(window);
        progress.accept(scored);
      }
    }
    List<ScoreResponse.Result> results = texts.stream().map(TextScoring::result).toList();
    return spec.several()
        ? ScoreResponse.several(model.id(), results)
        : ScoreResponse.single(model.id(), results.get(0));
  }

  private ScoreResponse rank(ScoreSpec.Continuations spec) {
    try (RunningGeneration running =
        RunningGeneration.submit(model.engine()::submit, spec.generation())) {
      return new ContinuationRanking(model, spec).response(running.awaitAll());
    }
  }
}
