package io.github.gpt2server.testing;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.Function;

/**
 * Contrastive search restated as plainly as possible, from what the model computes of whole texts.
 *
 * @param candidates number of candidates
 * @param penalty weight of the similarity
 * @param maxTokens largest number of generated tokens
 * @param minTokens number of generated tokens before a stop token
 * @param stopTokens tokens that end a text
 */
public record NaiveContrastiveSearch(
    int candidates, double penalty, int maxTokens, int minTokens, Set<Integer> stopTokens) {

  /**
   * What a model computes of a text.
   *
   * @param logits logits of the next token, or its log-probabilities, which differ by a constant
   * @param states the hidden state of each token
   */
  public record Reading(float[] logits, List<float[]> states) {}

  /** The tokens that are generated without rules. */
  public List<Integer> search(List<Integer> prompt, Function<List<Integer>, Reading> model) {
    return search(prompt, model, (generated, logits) -> logits);
  }

  /**
   * The generated tokens; after them -1 if the rules exclude every token.
   *
   * @param rules edits the logits, of which negative infinity excludes a token
   */
  public List<Integer> search(
      List<Integer> prompt,
      Function<List<Integer>, Reading> model,
      BiFunction<List<Integer>, float[], float[]> rules) {
    List<Integer> text = new ArrayList<>(prompt);
    while (text.size() < prompt.size() + maxTokens) {
      Reading before = model.apply(text);
      float[] logits = rules.apply(text.subList(prompt.size(), text.size()), before.logits());
      boolean mayStop = text.size() - prompt.size() >= minTokens;
      List<Integer> likeliest = new ArrayList<>();
      double mass = 0;
      for (int token = 0; token < logits.length; token++) {
        if ((mayStop || !stopTokens.contains(token)) && logits[token] > Float.NEGATIVE_INFINITY) {
          likeliest.add(token);
          mass += Math.exp(logits[token]);
        }
      }
      likeliest.sort((a, b) -> Float.compare(logits[b], logits[a]));
      int best = -1;
      double highest = Double.NEGATIVE_INFINITY;
      for (int token : likeliest.subList(0, Math.min(candidates, likeliest.size()))) {
        List<Integer> longer = new ArrayList<>(text);
        longer.add(token);
        float[] state = model.apply(longer).states().get(text.size());
        double similarity = -1;
        for (float[] earlier : before.states()) {
          similarity = Math.max(similarity, cosine(earlier, state));
        }
        double probability = Math.exp(logits[token]) / mass;
        double score = (1 - penalty) * probability - penalty * similarity;
        if (score > highest) {
          highest = score;
          best = token;
        }
      }
      text.add(best);
      if (best < 0 || stopTokens.contains(best)) {
        break;
      }
    }
    return text.subList(prompt.size(), text.size());
  }

  private static double cosine(float[] a, float[] b) {
    double product = 0;
    double squaresOfA = 0;
    double squaresOfB = 0;
    for (int i = 0; i < a.length; i++) {
      product += (double) a[i] * b[i];
      squaresOfA += (double) a[i] * a[i];
      squaresOfB += (double) b[i] * b[i];
    }
    return product / Math.sqrt(squaresOfA) / Math.sqrt(squaresOfB);
  }
}
