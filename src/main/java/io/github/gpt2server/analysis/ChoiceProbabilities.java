package io.github.gpt2server.analysis;

import io.github.gpt2server.engine.request.PrefixReuse;
import io.github.gpt2server.engine.request.PromptProbabilities;
import io.github.gpt2server.engine.request.SequenceRequest;
import io.github.gpt2server.engine.result.Logprobs;
import io.github.gpt2server.engine.result.SequenceEvent;
import java.util.ArrayList;
import java.util.List;

/**
 * The probabilities of several continuations of a prompt: those of one token all come from one
 * distribution, each longer one is scored on its own.
 */
public final class ChoiceProbabilities {
  private final List<SequenceRequest> requests = new ArrayList<>();

  /** For each request the choice that it scores, or -1 for the distribution of the next token. */
  private final List<Integer> choiceOf = new ArrayList<>();

  private final List<int[]> choices;
  private final double[] logprobs;

  /**
   * Prepares the requests.
   *
   * @param prompt token ids, at least one
   * @param choices token ids of each choice, at least one
   * @param salt separates prefix caches
   */
  public ChoiceProbabilities(int[] prompt, List<int[]> choices, String salt) {
    this.choices = List.copyOf(choices);
    this.logprobs = new double[choices.size()];
    if (choices.stream().anyMatch(tokens -> tokens.length == 1)) {
      requests.add(
          SequenceRequest.reading(
              prompt,
              PromptProbabilities.NEXT_TOKEN,
              Logprobs.NONE,
              new PrefixReuse(prompt.length, salt)));
      choiceOf.add(-1);
    }
    for (int choice = 0; choice < choices.size(); choice++) {
      if (choices.get(choice).length > 1) {
        requests.add(new Continuation(prompt, choices.get(choice)).request(1, salt));
        choiceOf.add(choice);
      }
    }
  }

  /** The requests for the engine. */
  public List<SequenceRequest> requests() {
    return requests;
  }

  /** Reads the answer to one of the {@link #requests}. */
  public void read(int request, SequenceEvent.PromptRead answer) {
    int choice = choiceOf.get(request);
    if (choice >= 0) {
      logprobs[choice] = Continuation.logLikelihood(answer.scores());
      return;
    }
    TokenDistribution distribution = TokenDistribution.of(answer.nextTokenLogits(), 1);
    for (int i = 0; i < logprobs.length; i++) {
      if (choices.get(i).length == 1) {
        logprobs[i] = distribution.logprob(choices.get(i)[0]);
      }
    }
  }

  /** The log-probability of each choice in nats, once every answer has been read. */
  public double[] logprobs() {
    return logprobs.clone();
  }

  /** The log-probability of all choices together, in nats. */
  public double logMass() {
    double largest = largest();
    double sum = 0;
    for (double logprob : logprobs) {
      sum += Math.exp(logprob - largest);
    }
    return largest + Math.log(sum);
  }

  /**
   * The probabilities of the choices among each other, {@code softmax(logprobs / temperature)}.
   *
   * @param temperature more than 0; 1 is the model's own conditional distribution
   */
  public float[] conditional(double temperature) {
    double largest = largest();
    double[] weights = new double[logprobs.length];
    double sum = 0;
    for (int i = 0; i < weights.length; i++) {
      weights[i] = Math.exp((logprobs[i] - largest) / temperature);
      sum += weights[i];
    }
    float[] conditional = new float[weights.length];
    for (int i = 0; i < weights.length; i++) {
      conditional[i] = (float) (weights[i] / sum);
    }
    return conditional;
  }

  /** The likeliest choice, the first one if several tie. */
  public int likeliest() {
    int likeliest = 0;
    for (int i = 1; i < logprobs.length; i++) {
      likeliest = logprobs[i] > logprobs[likeliest] ? i : likeliest;
    }
    return likeliest;
  }

  private double largest() {
    return logprobs[likeliest()];
  }
}
