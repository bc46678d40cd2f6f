package io.github.gpt2server.api.openai.generation;

import io.github.gpt2server.api.request.Bounds;
import io.github.gpt2server.api.request.PromptReader;
import io.github.gpt2server.sampling.DecodingRules;
import io.github.gpt2server.sampling.DryPenalty;
import io.github.gpt2server.sampling.Mirostat;
import io.github.gpt2server.sampling.SamplingParameters;
import io.github.gpt2server.sampling.Xtc;
import io.github.gpt2server.serving.ServedModel;
import io.github.gpt2server.web.error.ApiException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/** Validates the further fields of decoding. */
final class DecodingSpec {
  private static final String ALLOWED = "allowed_token_ids";
  private static final String BAD_WORDS = "bad_words";
  private static final String XTC = "xtc_probability";
  private static final String MIROSTAT = "mirostat";

  private final ServedModel model;
  private final SamplingParameters sampling;
  private final Set<Integer> stopTokens;

  /**
   * Validates for a request.
   *
   * @param sampling the request's other parameters
   * @param stopTokens tokens that end a text
   */
  DecodingSpec(ServedModel model, SamplingParameters sampling, Set<Integer> stopTokens) {
    this.model = model;
    this.sampling = sampling;
    this.stopTokens = stopTokens;
  }

  /**
   * Validates the fields.
   *
   * @throws ApiException 400, if a field is invalid or makes no sense beside another
   */
  DecodingRules check(DecodingFields fields) {
    int[] allowed = allowed(fields.allowedTokenIds());
    List<int[]> badWords = badWords(fields.badWords());
    requireSome(allowed, badWords);
    return new DecodingRules(
        allowed,
        badWords,
        Bounds.integer("no_repeat_ngram_size", fields.noRepeatNgramSize(), 0, 0, Integer.MAX_VALUE),
        dry(fields),
        xtc(fields),
        mirostat(fields));
  }

  private int[] allowed(int[] ids) {
    if (ids == null) {
      return null;
    }
    if (ids.length == 0) {
      throw ApiException.invalid(
          ALLOWED,
          "allowed_token_ids is empty, so that no token could be generated; send at least one token"
              + " id, or remove it.");
    }
    return IntStream.of(new PromptReader(model).tokens(ALLOWED, ids)).sorted().distinct().toArray();
  }

  /** The token sequences of each word, as it is and after a space. */
  private List<int[]> badWords(List<String> words) {
    List<int[]> sequences = new ArrayList<>();
    if (words == null) {
      return sequences;
    }
    PromptReader reader = new PromptReader(model);
    for (int i = 0; i < words.size(); i++) {
      String field = BAD_WORDS + "[" + i + "]";
      String word = words.get(i).stripLeading();
      if (word.isEmpty()) {
        throw ApiException.invalid(
            field,
            field
                + (words.get(i).isEmpty() ? " is empty" : " has nothing but white space")
                + "; send a word, or use logit_bias with -100 for a token.");
      }
      int[] alone = reader.encode(field, word);
      int[] afterSpace = reader.encode(field, " " + word);
      sequences.add(alone);
      if (!Arrays.equals(alone, afterSpace)) {
        sequences.add(afterSpace);
      }
    }
    return sequences;
  }

  /** Requires that the first token can be one at all. */
  private void requireSome(int[] allowed, List<int[]> badWords) {
    if (allowed == null) {
      return;
    }
    boolean excludesStops = sampling.minTokens() > 0;
    Set<Integer> bad = new HashSet<>();
    badWords.stream().filter(word -> word.length == 1).forEach(word -> bad.add(word[0]));
    if (IntStream.of(allowed).allMatch(bad::contains)) {
      throw ApiException.invalid(
          BAD_WORDS,
          "bad_words excludes every token of allowed_token_ids; remove one of the words, or allow"
              + " more tokens.");
    }
    if (excludesStops
        && IntStream.of(allowed).allMatch(id -> bad.contains(id) || stopTokens.contains(id))) {
      throw ApiException.invalid(
          ALLOWED,
          "allowed_token_ids allows nothing but tokens that end the text, which min_tokens = %d excludes; allow more tokens, or remove min_tokens."
              .formatted(sampling.minTokens()));
    }
  }

  private DryPenalty dry(DecodingFields fields) {
    double multiplier = Bounds.number("dry_multiplier", fields.dryMultiplier(), 0, 0, 100);
    double base = Bounds.number("dry_base", fields.dryBase(), 1.75, 1, 100);
    int allowedLength =
        Bounds.integer("dry_allowed_length", fields.dryAllowedLength(), 2, 0, Integer.MAX_VALUE);
    int range =
        Bounds.integer("dry_penalty_last_n", fields.dryPenaltyLastN(), -1, -1, Integer.MAX_VALUE);
    List<String> breakers = DryBreakers.strings(fields.drySequenceBreakers());
    if (multiplier == 0 || range == 0) {
      return null;
    }
    return new DryPenalty(
        multiplier,
        base,
        allowedLength,
        range == -1 ? Integer.MAX_VALUE : range,
        DryBreakers.of(breakers, model.tokenizer()));
  }

  private Xtc xtc(DecodingFields fields) {
    double probability = Bounds.number(XTC, fields.xtcProbability(), 0, 0, 1);
    double threshold = Bounds.number("xtc_threshold", fields.xtcThreshold(), 0.1, 0, 1);
    if (probability == 0) {
      return null;
    }
    requireSampling(XTC);
    return new Xtc(probability, threshold);
  }

  private Mirostat mirostat(DecodingFields fields) {
    int version = Bounds.integer(MIROSTAT, fields.mirostat(), 0, 0, 2);
    double tau = Bounds.number("mirostat_tau", fields.mirostatTau(), 5, 0, 100);
    double eta = Bounds.number("mirostat_eta", fields.mirostatEta(), 0.1, 0, 1);
    if (version == 0) {
      return null;
    }
    requireSampling(MIROSTAT);
    refuseBesideMirostat("top_k", sampling.topK() > 0);
    refuseBesideMirostat("top_p", sampling.topP() < 1);
    refuseBesideMirostat("min_p", sampling.minP() > 0);
    refuseBesideMirostat("typical_p", sampling.typicalP() < 1);
    refuseBesideMirostat(XTC, fields.xtcProbability() != null && fields.xtcProbability() > 0);
    return new Mirostat(version, tau, eta);
  }

  private void requireSampling(String field) {
    if (sampling.temperature() == 0) {
      throw ApiException.invalid(
          field,
          field
              + " changes how tokens are drawn, but temperature is 0, which draws none; set"
              + " temperature, or remove "
              + field
              + ".");
    }
  }

  private static void refuseBesideMirostat(String field, boolean used) {
    if (used) {
      throw ApiException.invalid(
          field, field + " cannot be combined with mirostat, which takes its place; remove one.");
    }
  }
}
