package io.github.gpt2server.cli.evaluate;

import io.github.gpt2server.analysis.LastWord;
import io.github.gpt2server.analysis.LastWordTotals;
import io.github.gpt2server.analysis.ScoringPass;
import io.github.gpt2server.cli.console.CommandException;
import io.github.gpt2server.cli.console.Console;
import io.github.gpt2server.cli.console.Progress;
import io.github.gpt2server.cli.console.Report;
import io.github.gpt2server.cli.console.Stopwatch;
import io.github.gpt2server.cli.engine.EngineClient;
import io.github.gpt2server.serving.ServedModel;
import java.util.ArrayList;
import java.util.List;

/** Evaluation of the model on the last word of each text. */
final class LastWordEvaluation {
  private final ServedModel model;
  private final Console console;

  private final List<ScoringPass> passes = new ArrayList<>();
  private long skipped;
  private LastWordTotals totals = LastWordTotals.ZERO;

  LastWordEvaluation(ServedModel model, Console console) {
    this.model = model;
    this.console = console;
  }

  /**
   * Predicts the last words and reports the accuracy and the perplexity.
   *
   * @throws CommandException if there is no word to predict, a word is longer than the context, or
   *     the model computes NaN
   */
  Report run(List<Document> documents) throws InterruptedException {
    documents.forEach(this::add);
    if (passes.isEmpty()) {
      throw new CommandException("There is no word to predict: every text is empty.");
    }
    long tokens = passes.stream().mapToLong(ScoringPass::scoredTokens).sum();
    Stopwatch stopwatch = Stopwatch.start();
    try (Progress progress = Progress.of(console, tokens)) {
      new EngineClient(model.engine())
          .score(
              passes.iterator(),
              (pass, scores) -> {
                totals = totals.plus(scores);
                progress.advance(pass.scoredTokens());
              });
    }
    double seconds = stopwatch.seconds();
    return Report.of(model, totals.logLikelihood())
        .add("texts", totals.passages())
        .add("skipped_empty_texts", skipped)
        .add("scored_tokens", tokens)
        .add("log_likelihood", totals.logLikelihood(), 2)
        .add("correct", totals.correct())
        .add("accuracy", totals.accuracy(), 4)
        .add("accuracy_stderr", totals.accuracyStandardError(), 4)
        .add("perplexity", totals.perplexity(), 4)
        .add("seconds", seconds, 1)
        .add("texts_per_second", totals.passages() / seconds, 1);
  }

  private void add(Document document) {
    if (document.text().isBlank()) {
      skipped++;
      return;
    }
    LastWord cut = LastWord.of(document.text());
    int[] target = document.encode(cut.target(), model.tokenizer());
    if (target.length > model.contextLength()) {
      throw new CommandException(
          "The last word of %s has %d tokens, but the model's context holds %d."
              .formatted(document.name(), target.length, model.contextLength()));
    }
    int[] context =
        cut.context().isEmpty()
            ? new int[] {Document.beginning(model.tokenizer())}
            : document.encode(cut.context(), model.tokenizer());
    passes.add(ScoringPass.of(context, target, model.contextLength()));
  }
}
