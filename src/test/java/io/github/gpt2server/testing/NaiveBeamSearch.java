package io.github.gpt2server.testing;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.IntStream;

/**
 * Beam search restated as plainly as possible, from the log-probabilities after whole texts, with
 * fixed numbers of places for running and finished texts as in Hugging Face transformers.
 *
 * @param width number of beams
 * @param maxTokens largest number of generated tokens
 * @param minTokens number of generated tokens before a stop token
 * @param stopTokens tokens that end a text
 * @param stops returns whether generated tokens end a text otherwise
 * @param lengthPenalty exponent of the length
 * @param earlyStopping "true", "false" or "never"
 */
public record NaiveBeamSearch(
    int width,
    int maxTokens,
    int minTokens,
    Set<Integer> stopTokens,
    Predicate<List<Integer>> stops,
    double lengthPenalty,
    String earlyStopping) {
  private static final double NOTHING = -1e9;

  /**
   * A text.
   *
   * @param logprobs the log-probabilities of its tokens
   * @param sum the sum of these after the rules, or its score once finished
   * @param last the last of these
   */
  public record Text(
      List<Integer> tokens, List<Float> logprobs, double sum, float last, boolean finished) {
    Text then(int token, float logprob, float edited) {
      List<Integer> more = new ArrayList<>(tokens);
      more.add(token);
      List<Float> numbers = new ArrayList<>(logprobs);
      numbers.add(logprob);
      return new Text(more, numbers, sum + edited, edited, false);
    }

    Text worth(double value, boolean end) {
      return new Text(tokens, logprobs, value, last, end);
    }
  }

  /** The texts that are found without rules. */
  public List<Text> search(Function<List<Integer>, float[]> logprobs) {
    return search(logprobs, (generated, scores) -> scores);
  }

  /**
   * The texts that are found, best first; those that are not finished fill the places of others.
   *
   * @param logprobs returns the log-probabilities of the next token after generated ones
   * @param rules edits these log-probabilities, of which negative infinity excludes a token
   */
  public List<Text> search(
      Function<List<Integer>, float[]> logprobs,
      BiFunction<List<Integer>, float[], float[]> rules) {
    List<Text> running = List.of(new Text(List.of(), List.of(), 0, 0, false));
    List<Text> finished =
        IntStream.range(0, width)
            .mapToObj(i -> new Text(List.of(), List.of(), NOTHING, 0, false))
            .toList();
    for (int length = 1; ; length++) {
      List<Text> all = new ArrayList<>();
      for (Text text : running) {
        float[] next = logprobs.apply(text.tokens());
        float[] edited = rules.apply(text.tokens(), next);
        List<Text> own = new ArrayList<>();
        for (int token = 0; token < next.length; token++) {
          boolean early = length <= minTokens && stopTokens.contains(token);
          if (!early && edited[token] > Float.NEGATIVE_INFINITY) {
            own.add(text.then(token, next[token], edited[token]));
          }
        }
        own.sort(best(Text::last));
        all.addAll(own);
      }
      all.sort(best(Text::sum));
      List<Text> considered =
          all.subList(0, Math.min(all.size(), Math.max(2, 1 + stopTokens.size()) * width));
      List<Text> merged = new ArrayList<>(finished);
      List<Text> goingOn = new ArrayList<>();
      for (int rank = 0; rank < considered.size(); rank++) {
        Text text = considered.get(rank);
        boolean ends =
            length == maxTokens
                || stopTokens.contains(text.tokens().get(length - 1))
                || stops.test(text.tokens());
        if (!ends) {
          goingOn.add(text);
        } else if (rank < width) {
          merged.add(text.worth(text.sum() / Math.pow(length, lengthPenalty), true));
        }
      }
      merged.sort(best(Text::sum));
      finished = merged.subList(0, width);
      running = goingOn.subList(0, Math.min(width, goingOn.size()));
      boolean full = finished.stream().allMatch(Text::finished);
      if (running.isEmpty() || (full && earlyStopping.equals("true"))) {
        return finished;
      }
      boolean longest = earlyStopping.equals("never") && lengthPenalty > 0;
      double possible =
          running.get(0).sum() / Math.pow(longest ? maxTokens : length, lengthPenalty);
      if (full && possible <= finished.get(width - 1).sum()) {
        return finished;
      }
    }
  }

  private static Comparator<Text> best(Function<Text, ? extends Number> number) {
    return Comparator.comparingDouble((Text text) -> -number.apply(text).doubleValue());
  }
}
