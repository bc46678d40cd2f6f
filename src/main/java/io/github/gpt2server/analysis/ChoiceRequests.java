package io.github.gpt2server.analysis;

import io.github.gpt2server.engine.request.PrefixReuse;
import io.github.gpt2server.engine.request.PromptProbabilities;
import io.github.gpt2server.engine.request.SequenceRequest;
import io.github.gpt2server.engine.result.Logprobs;
import io.github.gpt2server.engine.result.SequenceEvent.PromptRead;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * The requests for the probabilities of several continuations of a prompt: those of one token all
 * come from the distribution of the next token, each longer one is scored on its own.
 */
public final class ChoiceRequests {

  /** The places after which all logits are read. */
  public enum Rows {
    /** After the prompt, if a choice of one token needs it. */
    NEEDED,
    /** After the prompt. */
    PROMPT,
    /** After the prompt, and after each token of a choice but its last one. */
    CHOICES
  }

  private final int[] prompt;
  private final List<int[]> choices;
  private final double temperature;
  private final String salt;
  private final List<SequenceRequest> requests = new ArrayList<>();

  /** The request that reads the logits after the prompt and these tokens. */
  private final Map<List<Integer>, Integer> rows = new HashMap<>();

  /** For each choice the request that scores it; null for a choice of one token. */
  private final Integer[] scores;

  /**
   * The number of rows of logits that the requests for one prompt read, without preparing them:
   * long choices have very many beginnings.
   *
   * @param choices token ids of each choice, at least one
   */
  public static long rows(List<int[]> choices, Rows wanted) {
    if (wanted == Rows.NEEDED) {
      return choices.stream().anyMatch(tokens -> tokens.length == 1) ? 1 : 0;
    }
    long rows = 1;
    if (wanted == Rows.CHOICES) {
      // In this order a choice shares most beginnings with the one before it.
      int[] before = {};
      for (int[] tokens : choices.stream().sorted(Arrays::compare).toList()) {
        rows += tokens.length - 1 - sharedBeginnings(before, tokens);
        before = tokens;
      }
    }
    return rows;
  }

  /** Number of tokens of the longest beginning, short of the whole, that two choices share. */
  private static int sharedBeginnings(int[] before, int[] tokens) {
    int mismatch = Arrays.mismatch(before, tokens);
    int shared = mismatch < 0 ? tokens.length : mismatch;
    return Math.max(0, Math.min(shared, Math.min(before.length, tokens.length) - 1));
  }

  /**
   * Prepares the requests.
   *
   * @param prompt token ids, at least one
   * @param choices token ids of each choice, at least one
   * @param temperature divisor of the logits
   * @param salt separates prefix caches
   */
  public ChoiceRequests(
      int[] prompt, List<int[]> choices, double temperature, String salt, Rows wanted) {
    this.prompt = prompt;
    this.choices = List.copyOf(choices);
    this.temperature = temperature;
    this.salt = salt;
    this.scores = new Integer[choices.size()];
    if (wanted != Rows.NEEDED || choices.stream().anyMatch(tokens -> tokens.length == 1)) {
      addRow(new int[0], 0);
    }
    for (int choice = 0; choice < scores.length; choice++) {
      int[] tokens = choices.get(choice);
      if (tokens.length > 1) {
        scores[choice] = requests.size();
        requests.add(new Continuation(prompt, tokens).request(temperature, salt));
      }
    }
    if (wanted == Rows.CHOICES) {
      for (int[] tokens : choices) {
        for (int length = 1; length < tokens.length; length++) {
          addRow(tokens, length);
        }
      }
    }
  }

  /** Choices with the same beginning share its row. */
  private void addRow(int[] tokens, int length) {
    if (rows.putIfAbsent(beginning(tokens, length), requests.size()) == null) {
      requests.add(
          SequenceRequest.reading(
              IntStream.concat(IntStream.of(prompt), IntStream.of(tokens).limit(length)).toArray(),
              PromptProbabilities.NEXT_TOKEN,
              Logprobs.NONE,
              new PrefixReuse(prompt.length, salt)));
    }
  }

  private static List<Integer> beginning(int[] tokens, int length) {
    return IntStream.of(tokens).limit(length).boxed().toList();
  }

  /** The requests for the engine. */
  public List<SequenceRequest> requests() {
    return List.copyOf(requests);
  }

  /**
   * The logits after the prompt and the first tokens of a choice.
   *
   * @param answers those to the {@link #requests}, in their order
   * @param length number of tokens, less than the choice has
   */
  public float[] logits(List<PromptRead> answers, int choice, int length) {
    return logits(answers, beginning(choices.get(choice), length));
  }

  /**
   * The logits after the prompt.
   *
   * @param answers those to the {@link #requests}, in their order
   */
  public float[] logits(List<PromptRead> answers) {
    return logits(answers, List.of());
  }

  private float[] logits(List<PromptRead> answers, List<Integer> beginning) {
    return answers.get(rows.get(beginning)).nextTokenLogits();
  }

  /**
   * The distribution of the token after the prompt; null if it was not needed.
   *
   * @param answers those to the {@link #requests}, in their order
   */
  public TokenDistribution distribution(List<PromptRead> answers) {
    return rows.containsKey(List.<Integer>of())
        ? TokenDistribution.of(logits(answers), temperature)
        : null;
  }

  /**
   * The log-probability of each choice, in nats.
   *
   * @param answers those to the {@link #requests}, in their order
   * @param distribution their {@link #distribution}
   */
  public double[] logprobs(List<PromptRead> answers, TokenDistribution distribution) {
    double[] logprobs = new double[scores.length];
    for (int choice = 0; choice < scores.length; choice++) {
      logprobs[choice] =
          scores[choice] == null
              ? distribution.logprob(choices.get(choice)[0])
              : Continuation.logLikelihood(answers.get(scores[choice]).scores());
    }
    return logprobs;
  }
}
