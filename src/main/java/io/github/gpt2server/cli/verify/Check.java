package io.github.gpt2server.cli.verify;

import io.github.gpt2server.analysis.ScoringPass;
import io.github.gpt2server.analysis.TokenDistribution;
import io.github.gpt2server.cli.console.CommandException;
import io.github.gpt2server.cli.engine.EngineClient;
import io.github.gpt2server.engine.request.PrefixReuse;
import io.github.gpt2server.engine.request.PromptProbabilities;
import io.github.gpt2server.engine.request.SequenceRequest;
import io.github.gpt2server.engine.result.Logprobs;
import io.github.gpt2server.engine.result.SequenceEvent;
import io.github.gpt2server.sampling.SamplingParameters;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** A published number that this program can compute from token ids. */
sealed interface Check {

  /** A short name of the number. */
  String what();

  /** All token ids of the computation. */
  IntStream tokens();

  /** The largest number of tokens in the context. */
  int length();

  /**
   * Computes the number and compares it.
   *
   * @throws CommandException if the model fails
   */
  CheckResult run(EngineClient engine) throws InterruptedException;

  /** The text of greedy decoding. */
  record Greedy(int[] prompt, int[] continuation) implements Check {

    @Override
    public String what() {
      return "greedy: %d tokens after %d".formatted(continuation.length, prompt.length);
    }

    @Override
    public IntStream tokens() {
      return both(prompt, continuation);
    }

    @Override
    public int length() {
      return prompt.length + continuation.length;
    }

    @Override
    public CheckResult run(EngineClient engine) throws InterruptedException {
      SequenceRequest request =
          new SequenceRequest(
              prompt,
              continuation.length,
              SamplingParameters.GREEDY,
              Set.of(),
              List.of(),
              false,
              PromptProbabilities.NONE,
              Logprobs.NONE,
              PrefixReuse.NONE);
      int[] got =
          engine.ask(request).stream()
              .filter(SequenceEvent.Token.class::isInstance)
              .mapToInt(event -> ((SequenceEvent.Token) event).token())
              .toArray();
      int different = Arrays.mismatch(got, continuation);
      return different < 0
          ? CheckResult.exact(what(), "the same", "the same")
          : CheckResult.exact(
              what(),
              "token %d is %d".formatted(different + 1, continuation[different]),
              "token %d is %d".formatted(different + 1, got[different]));
    }
  }

  /** The most likely next token. */
  record Argmax(int[] prompt, int argmax) implements Check {

    @Override
    public String what() {
      return "likeliest token after %d".formatted(prompt.length);
    }

    @Override
    public IntStream tokens() {
      return both(prompt, argmax);
    }

    @Override
    public int length() {
      return prompt.length;
    }

    @Override
    public CheckResult run(EngineClient engine) throws InterruptedException {
      TokenDistribution next = TokenDistribution.of(engine.nextTokenLogits(prompt), 1);
      int got = next.likeliest(1)[0];
      return CheckResult.exact(
          what(),
          String.valueOf(argmax),
          Double.isNaN(next.logprob(got)) ? "NaN" : String.valueOf(got));
    }
  }

  /** The logit of a possible next token. */
  record Logit(int[] prompt, int token, double logit, Tolerance tolerance) implements Check {

    @Override
    public String what() {
      return "logit of %d after %d tokens".formatted(token, prompt.length);
    }

    @Override
    public IntStream tokens() {
      return both(prompt, token);
    }

    @Override
    public int length() {
      return prompt.length;
    }

    @Override
    public CheckResult run(EngineClient engine) throws InterruptedException {
      return CheckResult.of(what(), logit, engine.nextTokenLogits(prompt)[token], tolerance);
    }
  }

  /** The log-probability of a continuation, in nats. */
  record Likelihood(int[] prompt, int[] continuation, double logprob, Tolerance tolerance)
      implements Check {

    @Override
    public String what() {
      return "logprob of %d tokens after %d".formatted(continuation.length, prompt.length);
    }

    @Override
    public IntStream tokens() {
      return both(prompt, continuation);
    }

    @Override
    public int length() {
      return prompt.length + continuation.length - 1;
    }

    @Override
    public CheckResult run(EngineClient engine) throws InterruptedException {
      double got = engine.score(pass(prompt, continuation)).logLikelihood();
      return CheckResult.of(what(), logprob, got, tolerance);
    }
  }

  /** The log-probability of each token of a continuation, in nats; reports the worst. */
  record TokenLikelihoods(int[] prompt, int[] continuation, double[] logprobs, Tolerance tolerance)
      implements Check {

    @Override
    public String what() {
      return "each logprob of %d tokens after %d".formatted(continuation.length, prompt.length);
    }

    @Override
    public IntStream tokens() {
      return both(prompt, continuation);
    }

    @Override
    public int length() {
      return prompt.length + continuation.length - 1;
    }

    @Override
    public CheckResult run(EngineClient engine) throws InterruptedException {
      double[] got = engine.score(pass(prompt, continuation)).logprobs();
      int worst = 0;
      for (int i = 0; i < got.length; i++) {
        // Double.compare sorts NaN last, which makes it the worst.
        if (Double.compare(excess(i, got), excess(worst, got)) > 0) {
          worst = i;
        }
      }
      return CheckResult.of(what(), logprobs[worst], got[worst], tolerance);
    }

    private double excess(int i, double[] got) {
      return Math.abs(got[i] - logprobs[i]) - tolerance.allowed(logprobs[i]);
    }
  }

  /** The mean surprisal of all tokens but each text's first, in nats; the loss of training. */
  record MeanLoss(List<int[]> rows, double loss, Tolerance tolerance) implements Check {

    @Override
    public String what() {
      return "mean loss of %d tokens".formatted(scored());
    }

    @Override
    public IntStream tokens() {
      return rows.stream().flatMapToInt(Arrays::stream);
    }

    @Override
    public int length() {
      return rows.stream().mapToInt(row -> row.length - 1).max().orElseThrow();
    }

    @Override
    public CheckResult run(EngineClient engine) throws InterruptedException {
      double sum = 0;
      for (int[] row : rows) {
        sum += engine.score(new ScoringPass(row, 1)).logLikelihood();
      }
      return CheckResult.of(what(), loss, -sum / scored(), tolerance);
    }

    private int scored() {
      return rows.stream().mapToInt(row -> row.length - 1).sum();
    }
  }

  private static ScoringPass pass(int[] prompt, int[] continuation) {
    return ScoringPass.of(prompt, continuation, prompt.length + continuation.length - 1);
  }

  private static IntStream both(int[] prompt, int... others) {
    return Stream.of(prompt, others).flatMapToInt(Arrays::stream);
  }
}
