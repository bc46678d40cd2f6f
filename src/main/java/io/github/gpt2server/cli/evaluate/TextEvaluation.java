package io.github.gpt2server.cli.evaluate;

import io.github.gpt2server.analysis.ScoringPass;
import io.github.gpt2server.analysis.TextSize;
import io.github.gpt2server.analysis.TextTotals;
import io.github.gpt2server.cli.console.CommandException;
import io.github.gpt2server.cli.console.Console;
import io.github.gpt2server.cli.console.Progress;
import io.github.gpt2server.cli.console.Report;
import io.github.gpt2server.cli.console.Stopwatch;
import io.github.gpt2server.cli.engine.EngineClient;
import io.github.gpt2server.serving.ServedModel;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/** Evaluation of the model on whole texts: their scores, added up. */
final class TextEvaluation {
  private final ServedModel model;
  private final Console console;
  private final int stride;
  private final boolean addBos;

  private final List<int[]> texts = new ArrayList<>();
  private TextSize size = TextSize.ZERO;
  private long skipped;
  private long toScore;
  private double logLikelihood;

  /**
   * @param stride the stride of {@link ScoringPass#cover}, in tokens
   * @param addBos whether to prepend the token that marks the beginning of a text
   */
  TextEvaluation(ServedModel model, Console console, int stride, boolean addBos) {
    this.model = model;
    this.console = console;
    this.stride = stride;
    this.addBos = addBos;
  }

  /**
   * Scores the documents.
   *
   * @throws CommandException if there is nothing to score, or the model computes NaN
   */
  Report run(List<Document> documents) throws InterruptedException {
    documents.forEach(this::add);
    if (toScore == 0) {
      throw new CommandException(
          "There is nothing to score: a text needs two tokens, or one with --add-bos.");
    }
    Iterator<ScoringPass> passes =
        texts.stream()
            .flatMap(text -> ScoringPass.cover(text, model.contextLength(), stride).stream())
            .iterator();
    Stopwatch stopwatch = Stopwatch.start();
    try (Progress progress = Progress.of(console, toScore)) {
      new EngineClient(model.engine())
          .score(
              passes,
              (pass, scores) -> {
                logLikelihood += scores.logLikelihood();
                progress.advance(pass.scoredTokens());
              });
    }
    return report(stopwatch.seconds());
  }

  private void add(Document document) {
    int[] own = document.encode(document.text(), model.tokenizer());
    if (own.length == 0) {
      skipped++;
      return;
    }
    int[] tokens = addBos ? withBos(own) : own;
    texts.add(tokens);
    size = size.plus(TextSize.of(document.text()));
    toScore += tokens.length - 1;
  }

  private int[] withBos(int[] tokens) {
    int[] all = new int[tokens.length + 1];
    all[0] = Document.beginning(model.tokenizer());
    System.arraycopy(tokens, 0, all, 1, tokens.length);
    return all;
  }

  private Report report(double seconds) {
    TextTotals totals = TextTotals.of(size, logLikelihood, toScore);
    return Report.of(model, logLikelihood)
        .add("texts", texts.size())
        .add("skipped_empty_texts", skipped)
        .add("bytes", size.bytes())
        .add("characters", size.characters())
        .add("words", size.words())
        .add("scored_tokens", totals.scoredTokens())
        .add("log_likelihood", logLikelihood, 2)
        .add("nats_per_token", -logLikelihood / toScore, 4)
        .add("perplexity", totals.perplexity(), 2)
        .add("word_perplexity", totals.wordPerplexity(), 2)
        .add("bits_per_token", totals.bitsPerToken(), 4)
        .add("bits_per_word", totals.bitsPerWord(), 4)
        .add("bits_per_character", totals.bitsPerCharacter(), 4)
        .add("bits_per_byte", totals.bitsPerByte(), 4)
        .add("seconds", seconds, 1)
        .add("tokens_per_second", toScore / seconds, 0);
  }
}
