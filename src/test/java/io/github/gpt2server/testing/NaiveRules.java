package io.github.gpt2server.testing;

import io.github.gpt2server.sampling.DecodingRules;
import io.github.gpt2server.sampling.SamplingParameters;
import io.github.gpt2server.tokenizer.Gpt2Tokenizer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * The rules that edit the scores of the next token, restated as plainly as possible: each looks at
 * the whole text again.
 *
 * @param prompt the tokens before the generated ones
 * @param asked the parameters of the request
 */
public record NaiveRules(List<Integer> prompt, SamplingParameters asked) {

  /** The rules of a request. */
  public static NaiveRules of(int[] prompt, SamplingParameters asked) {
    return new NaiveRules(IntStream.of(prompt).boxed().toList(), asked);
  }

  /** Greedy parameters with rules of several kinds, for texts in English. */
  public static SamplingParameters several(Gpt2Tokenizer tokenizer) {
    return new SamplingParameters(
            0, 0, 1, 0, 1, 1.2, 0.3, 0.1, Map.of(tokenizer.encode(" king")[0], 2f), 0, 0)
        .withDecoding(
            new DecodingRules(null, List.of(tokenizer.encode(" beautiful")), 2, null, null, null));
  }

  /** The scores after generated tokens, edited by all rules. */
  public float[] edit(List<Integer> generated, float[] scores) {
    List<Integer> text = new ArrayList<>(prompt);
    text.addAll(generated);
    float[] edited = scores.clone();
    penalise(text, generated, edited);
    asked.logitBias().forEach((token, bias) -> edited[token] += bias);
    Set<Integer> excluded = excluded(text, generated, edited.length);
    excluded.forEach(token -> edited[token] = Float.NEGATIVE_INFINITY);
    return edited;
  }

  private void penalise(List<Integer> text, List<Integer> generated, float[] edited) {
    double penalty = asked.repetitionPenalty().penalty();
    for (int token : new HashSet<>(text)) {
      double score = edited[token];
      edited[token] = (float) (score > 0 ? score / penalty : score * penalty);
    }
    for (int token : new HashSet<>(generated)) {
      long count = generated.stream().filter(each -> each == token).count();
      edited[token] =
          (float) (edited[token] - (asked.presencePenalty() + asked.frequencyPenalty() * count));
    }
    if (asked.decoding().dry() != null) {
      for (int token : new HashSet<>(text)) {
        edited[token] = (float) (edited[token] - dry(text, token));
      }
    }
  }

  /** The penalty on a token for the longest repetition that it would continue. */
  private double dry(List<Integer> text, int token) {
    int longest = -1;
    for (int at = 1; at < text.size(); at++) {
      if (text.get(at) == token) {
        int length = 0;
        while (length < at
            && text.get(at - 1 - length).equals(text.get(text.size() - 1 - length))) {
          length++;
        }
        longest = Math.max(longest, length);
      }
    }
    int allowed = asked.decoding().dry().allowedLength();
    return longest < allowed
        ? 0
        : asked.decoding().dry().multiplier()
            * Math.pow(asked.decoding().dry().base(), longest - allowed);
  }

  private Set<Integer> excluded(List<Integer> text, List<Integer> generated, int vocabulary) {
    Set<Integer> excluded = new HashSet<>();
    int[] allowed = asked.decoding().allowedTokens();
    if (allowed != null) {
      IntStream.range(0, vocabulary)
          .filter(token -> IntStream.of(allowed).noneMatch(each -> each == token))
          .forEach(excluded::add);
    }
    for (int[] word : asked.decoding().badWords()) {
      List<Integer> tokens = IntStream.of(word).boxed().toList();
      int before = tokens.size() - 1;
      if (endsWith(generated, tokens.subList(0, before))) {
        excluded.add(tokens.get(before));
      }
    }
    int size = asked.decoding().noRepeatNgramSize();
    if (size > 0) {
      excluded.addAll(repeating(text, size));
    }
    return excluded;
  }

  /**
   * The tokens that Hugging Face transformers bans ({@code NoRepeatNGramLogitsProcessor}): of each
   * n-gram of the text the last token, if the others are the text's last ones.
   */
  public static Set<Integer> repeating(List<Integer> text, int size) {
    Set<Integer> banned = new HashSet<>();
    if (text.size() + 1L < size) {
      return banned;
    }
    for (int start = 0; start + size <= text.size(); start++) {
      List<Integer> ngram = text.subList(start, start + size);
      if (endsWith(text, ngram.subList(0, size - 1))) {
        banned.add(ngram.get(size - 1));
      }
    }
    return banned;
  }

  private static boolean endsWith(List<Integer> text, List<Integer> end) {
    return text.size() >= end.size()
        && text.subList(text.size() - end.size(), text.size()).equals(end);
  }
}
