package io.github.gpt2server.api.insight.score;

import io.github.gpt2server.analysis.ScoringWindow;
import io.github.gpt2server.analysis.TextTotals;
import io.github.gpt2server.api.execution.RunningGeneration;
import io.github.gpt2server.api.insight.token.TokenBytes;
import io.github.gpt2server.api.limit.ApiLimits;
import io.github.gpt2server.engine.request.Generation;
import io.github.gpt2server.engine.request.PrefixReuse;
import io.github.gpt2server.engine.request.PromptProbabilities;
import io.github.gpt2server.engine.request.SequenceRequest;
import io.github.gpt2server.engine.result.Logprobs;
import io.github.gpt2server.engine.result.PromptScores;
import io.github.gpt2server.engine.result.SequenceEvent;
import io.github.gpt2server.engine.result.TokenLogprobs;
import io.github.gpt2server.engine.result.TopTokens;
import io.github.gpt2server.serving.ServedModel;
import io.github.gpt2server.text.RandomId;
import io.github.gpt2server.tokenizer.Gpt2Tokenizer;
import io.github.gpt2server.tokenizer.TokenizedText;
import io.github.gpt2server.web.ServerSentEvents;
import io.github.gpt2server.web.error.ApiException;
import io.github.gpt2server.web.json.ComputedList;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.springframework.http.HttpStatus;

/**
 * Scores one text, window by window. Each window is a request of its own to the engine, so that a
 * text of any length leaves room for everybody else's between two of them.
 */
final class TextScoring {
  private final ServedModel model;
  private final ApiLimits limits;
  private final String text;
  private final int[] tokens;
  private final int[] offsets;
  private final int context;
  private final int top;
  private final String salt;
  private final List<ScoringWindow> windows;
  private final PromptScores[] scores;

  /**
   * @param tokens the text's
   * @param beginning tokens before the text that are not scored, at most one
   * @param stride how far apart windows begin
   * @param top how many of the likeliest tokens are reported at each place
   * @param salt what shares the prefix cache with it, or null
   */
  TextScoring(
      ServedModel model,
      ApiLimits limits,
      String text,
      TokenizedText tokens,
      int[] beginning,
      int stride,
      int top,
      String salt) {
    this.model = model;
    this.limits = limits;
    this.text = text;
    this.offsets = tokens.offsets();
    this.context = beginning.length;
    this.top = top;
    this.salt = salt;
    this.tokens = IntStream.concat(IntStream.of(beginning), IntStream.of(tokens.ids())).toArray();
    this.windows =
        this.tokens.length == 0
            ? List.of()
            : ScoringWindow.cover(this.tokens.length, model.contextLength(), stride);
    this.scores = new PromptScores[windows.size()];
  }

  /** How many windows there are to {@link #run}. */
  int windows() {
    return windows.size();
  }

  /** How many tokens a window scores. */
  int scoredTokens(int window) {
    return windows.get(window).scoredTokens();
  }

  /** How many tokens all windows score. */
  int scoredTokens() {
    return windows.stream().mapToInt(ScoringWindow::scoredTokens).sum();
  }

  /**
   * Scores one window.
   *
   * @param deadline the time of {@link System#nanoTime} at which the request must be complete
   * @param first whether it is the request's first, which is refused if the queue is full
   * @param silence called whenever nothing has happened for a while
   * @throws ApiException if it is not complete at the deadline, or fails
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
            Arrays.copyOfRange(tokens, window.start(), window.end()),
            PromptProbabilities.scoredFrom(window.scoredFrom(), 1),
            top == 0 ? Logprobs.NONE : Logprobs.top(top),
            // A text of many windows would only drive out what others come back to.
            windows.size() == 1 ? new PrefixReuse(length, salt) : PrefixReuse.NONE);
    String id = RandomId.of("score-");
    Duration left = Duration.ofNanos(deadline - System.nanoTime());
    if (left.isNegative()) {
      throw ApiException.timedOut(limits.requestTimeout());
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
      // The window had what was left of the request's time; the request had all of it.
      throw e.status() == HttpStatus.GATEWAY_TIMEOUT
          ? ApiException.timedOut(limits.requestTimeout())
          : e;
    }
  }

  /** The answer, once every window has run. */
  ScoreResponse.Result result() {
    double sum = 0;
    for (PromptScores window : scores) {
      for (float logprob : window.logprobs()) {
        sum += logprob;
      }
    }
    TextTotals totals = TextTotals.of(text, sum, scoredTokens());
    return new ScoreResponse.Result(
        ComputedList.of(offsets.length, this::token),
        totals.logLikelihood(),
        scoredTokens(),
        totals.perplexity(),
        totals.bitsPerToken(),
        totals.bitsPerByte(),
        totals.bitsPerCharacter(),
        totals.bitsPerWord());
  }

  /** A token of the text; its first has no score unless something stands before it. */
  private ScoreResponse.Token token(int index) {
    int position = context + index;
    if (position == 0) {
      return token(tokens[0], offsets[0], null, 0);
    }
    int window = windowThatScores(position);
    int first = windows.get(window).start() + windows.get(window).scoredFrom();
    return token(tokens[position], offsets[index], scores[window], position - first);
  }

  /** The windows score one stretch of the text after another. */
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
        // Adding 0 turns the -0 of a certain token into 0.
        -logprob / Math.log(2) + 0.0,
        window.entropies()[place] / Math.log(2),
        window.ranks()[place],
        window.details().isEmpty() ? null : likeliest(window.details().get(place)));
  }

  private List<ScoreResponse.TopToken> likeliest(TokenLogprobs logprobs) {
    TopTokens likeliest = logprobs.top();
    int[] ids = likeliest.tokens();
    float[] values = likeliest.logprobs();
    return ComputedList.of(
        ids.length,
        i -> new ScoreResponse.TopToken(model.tokenizer().token(ids[i]), ids[i], values[i]));
  }
}
