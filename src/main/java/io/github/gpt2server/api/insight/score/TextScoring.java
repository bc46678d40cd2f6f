package io.github.gpt2server.api.insight.score;

import io.github.gpt2server.analysis.ScoringWindow;
import io.github.gpt2server.analysis.TextTotals;
import io.github.gpt2server.api.encoding.EncodingFormat;
import io.github.gpt2server.api.encoding.PackedTokens;
import io.github.gpt2server.api.execution.RunningGeneration;
import io.github.gpt2server.api.insight.token.TokenBytes;
import io.github.gpt2server.engine.request.Generation;
import io.github.gpt2server.engine.request.PrefixReuse;
import io.github.gpt2server.engine.request.PromptProbabilities;
import io.github.gpt2server.engine.request.SequenceRequest;
import io.github.gpt2server.engine.result.Logprobs;
import io.github.gpt2server.engine.result.PromptScores;
import io.github.gpt2server.engine.result.SequenceEvent;
import io.github.gpt2server.engine.result.TokenLogprobs;
import io.github.gpt2server.engine.result.TopTokens;
import io.github.gpt2server.sampling.Bits;
import io.github.gpt2server.serving.ServedModel;
import io.github.gpt2server.text.RandomId;
import io.github.gpt2server.tokenizer.Gpt2Tokenizer;
import io.github.gpt2server.web.ServerSentEvents;
import io.github.gpt2server.web.error.ApiException;
import io.github.gpt2server.web.json.ComputedList;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.springframework.http.HttpStatus;

/**
 * Scores one text, window by window. Each window is a separate engine request, so that other
 * requests can run between the windows of a long text.
 */
final class TextScoring {
  private final ServedModel model;
  private final Duration timeout;
  private final ScoreSpec.Texts spec;
  private final ScoreSpec.Text text;
  private final List<ScoringWindow> windows;
  private final PromptScores[] scores;

  /**
   * Scoring of a text before its first window.
   *
   * @param timeout time limit of the whole request
   * @param text one of {@code spec}'s texts
   */
  TextScoring(ServedModel model, Duration timeout, ScoreSpec.Texts spec, ScoreSpec.Text text) {
    this.model = model;
    this.timeout = timeout;
    this.spec = spec;
    this.text = text;
    this.windows =
        text.tokens().length == 0
            ? List.of()
            : ScoringWindow.cover(text.tokens().length, model.contextLength(), spec.stride());
    this.scores = new PromptScores[windows.size()];
  }

  /** The number of windows to {@link #run}. */
  int windows() {
    return windows.size();
  }

  /** The number of tokens that a window scores. */
  int scoredTokens(int window) {
    return windows.get(window).scoredTokens();
  }

  /** The number of tokens that all windows score. */
  int scoredTokens() {
    return windows.stream().mapToInt(ScoringWindow::scoredTokens).sum();
  }

  /** The number of tokens that all windows read, some of them as context of the next. */
  long readTokens() {
    return windows.stream()
        .filter(window -> window.scoredTokens() > 0)
        .mapToLong(window -> window.end() - window.start())
        .sum();
  }

  /**
   * Scores one window.
   *
   * @param deadline the value of {@link System#nanoTime} at which the request times out
   * @param first whether it is the request's first window, which is refused if the queue is full;
   *     later ones wait
   * @param silence called whenever nothing has happened for a while
   * @throws ApiException if it times out or fails
   */
  void run(int index, long deadline, boolean first, Runnable silence) {
    ScoringWindow window = windows.get(index);
    if (window.scoredTokens() == 0) {
      scores[index] = new PromptScores(new float[0], new float[0], new int[0], List.of());
      return;
    }
    int length = window.end() - window.start();
    SequenceRequest request =
        SequenceRequest.reading(
            Arrays.copyOfRange(text.tokens(), window.start(), window.end()),
            PromptProbabilities.scoredFrom(window.scoredFrom(), 1),
            spec.topLogprobs() == 0 ? Logprobs.NONE : Logprobs.top(spec.topLogprobs()),
            // The windows of a long text would evict prefixes that other requests may reuse.
            windows.size() == 1 ? new PrefixReuse(length, spec.cacheSalt()) : PrefixReuse.NONE);
    String id = RandomId.of("score-");
    Duration left = Duration.ofNanos(deadline - System.nanoTime());
    if (left.isNegative()) {
      throw ApiException.timedOut(timeout);
    }
    Generation generation = new Generation(id, List.of(request), left, false);
    try (RunningGeneration running =
        first
            ? RunningGeneration.submit(model.engine()::submit, generation)
            : RunningGeneration.submitNext(model.engine()::submit, generation)) {
      while (!running.ended()) {
        List<SequenceEvent> events = running.awaitSome(ServerSentEvents.SILENCE);
        if (events.isEmpty() && !running.ended()) {
          silence.run();
        }
        for (SequenceEvent event : events) {
          if (event instanceof SequenceEvent.PromptRead read) {
            scores[index] = read.scores();
          }
        }
      }
      running.requireFinished();
    } catch (ApiException e) {
      // The window had the remaining time only; the message must state the request's limit.
      throw e.status() == HttpStatus.GATEWAY_TIMEOUT ? ApiException.timedOut(timeout) : e;
    }
  }

  /** The result, once every window has run. */
  ScoreResponse.Result result() {
    double sum = 0;
    for (PromptScores window : scores) {
      for (float logprob : window.logprobs()) {
        sum += logprob;
      }
    }
    TextTotals totals = TextTotals.of(text.text(), sum, scoredTokens());
    return new ScoreResponse.Result(
        ComputedList.of(text.offsets().length, this::token),
        totals.logLikelihood(),
        scoredTokens(),
        totals.perplexity(),
        totals.bitsPerToken(),
        totals.bitsPerByte(),
        totals.bitsPerCharacter(),
        totals.bitsPerWord());
  }

  /** A token of the text; the first has no score unless a context token precedes it. */
  private ScoreResponse.Token token(int index) {
    int position = text.context() + index;
    if (position == 0) {
      return token(text.tokens()[0], text.offsets()[0], null, 0);
    }
    int window = windowThatScores(position);
    int first = windows.get(window).start() + windows.get(window).scoredFrom();
    return token(text.tokens()[position], text.offsets()[index], scores[window], position - first);
  }

  /** The window that scores a position, found by binary search: windows score disjoint ranges. */
  private int windowThatScores(int position) {
    int low = 0;
    int high = windows.size() - 1;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (position < windows.get(middle).end()) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return low;
  }

  private ScoreResponse.Token token(int id, int offset, PromptScores window, int place) {
    Gpt2Tokenizer tokenizer = model.tokenizer();
    String name = tokenizer.token(id);
    int[] bytes = TokenBytes.unsigned(tokenizer.bytes(id));
    if (window == null) {
      return new ScoreResponse.Token(name, id, bytes, offset, null, null, null, null, null);
    }
    double logprob = window.logprobs()[place];
    return new ScoreResponse.Token(
        name,
        id,
        bytes,
        offset,
        window.logprobs()[place],
        // Adding 0 turns the -0 of a token of probability 1 into 0.
        Bits.ofNats(-logprob) + 0.0,
        Bits.ofNats(window.entropies()[place]),
        window.ranks()[place],
        window.details().isEmpty() ? null : mostLikely(window.details().get(place)));
  }

  private Object mostLikely(TokenLogprobs logprobs) {
    TopTokens top = logprobs.top();
    int[] ids = top.tokens();
    float[] values = top.logprobs();
    if (spec.encoding() == EncodingFormat.BASE64) {
      return PackedTokens.of(ids, values);
    }
    return ComputedList.of(
        ids.length,
        i -> new ScoreResponse.TopToken(model.tokenizer().token(ids[i]), ids[i], values[i]));
  }
}
