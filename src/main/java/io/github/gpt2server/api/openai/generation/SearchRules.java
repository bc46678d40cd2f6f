package io.github.gpt2server.api.openai.generation;

import io.github.gpt2server.api.limit.RequestMemory;
import io.github.gpt2server.api.openai.structured.Structure;
import io.github.gpt2server.api.request.Bounds;
import io.github.gpt2server.engine.request.BeamSearch;
import io.github.gpt2server.engine.request.BeamSearch.EarlyStopping;
import io.github.gpt2server.engine.request.ContrastiveSearch;
import io.github.gpt2server.engine.request.TextSearch;
import io.github.gpt2server.memory.MemoryUse;
import io.github.gpt2server.sampling.SamplingParameters;
import io.github.gpt2server.sampling.TextForm;
import io.github.gpt2server.serving.ServedModel;
import io.github.gpt2server.text.Excerpt;
import io.github.gpt2server.web.error.ApiException;
import java.util.Comparator;
import java.util.stream.IntStream;
import tools.jackson.databind.JsonNode;

/**
 * What beam search and contrastive search require of a request.
 *
 * @param field the field that asks for the search
 * @param n number of texts to return
 * @param candidates number of beams of a beam search, at least {@code n}
 */
record SearchRules(ServedModel model, String field, int n, int candidates) {
  private static final String BEAMS = "use_beam_search";
  private static final String CONTRASTIVE = "penalty_alpha";
  private static final double MAX_PENALTY = 10;

  /** Bounds the number of continuations of a beam that are ranked in each step. */
  private static final int MAX_STOP_TOKENS = 100;

  /**
   * The rules of the search that a request asks for, or null.
   *
   * @throws ApiException 400, if it asks for both, or a field is invalid even if it is not used
   */
  static SearchRules of(SearchFields fields, ServedModel model, int n, int candidates) {
    boolean beams = fields.useBeamSearch() != null && fields.useBeamSearch();
    boolean contrastive = Bounds.number(CONTRASTIVE, fields.penaltyAlpha(), 0, 0, 1) > 0;
    lengthPenalty(fields);
    earlyStopping(fields.earlyStopping());
    if (beams && contrastive) {
      throw ApiException.invalid(
          CONTRASTIVE,
          "penalty_alpha asks for contrastive search, and use_beam_search for beam search; remove one"
              + " of them.");
    }
    if (beams || contrastive) {
      return new SearchRules(model, beams ? BEAMS : CONTRASTIVE, n, candidates);
    }
    return null;
  }

  /**
   * The search.
   *
   * @param topK number of candidates of a contrastive search
   * @throws ApiException 400, if the request cannot be answered by it
   */
  TextSearch search(
      SearchFields fields,
      boolean stream,
      boolean healing,
      Structure structure,
      int maxTokens,
      int topK) {
    if (maxTokens == 0) {
      throw ApiException.invalid(
          field, "%s generates text, but max_tokens is 0; remove one of them.".formatted(field));
    }
    if (healing) {
      throw ApiException.invalid(
          "token_healing",
          "token_healing cannot be combined with %s; remove one of them.".formatted(field));
    }
    if (!(structure instanceof Structure.Free)) {
      throw ApiException.invalid(
          field,
          "%s cannot be combined with a form of the text; remove %s.".formatted(field, field));
    }
    if (field.equals(CONTRASTIVE)) {
      requireOneText();
      requireSlots("top_k", topK, "candidates");
      return new ContrastiveSearch(topK, fields.penaltyAlpha());
    }
    if (stream) {
      throw ApiException.invalid(
          BEAMS,
          "use_beam_search cannot be streamed: the best texts are known only at the end. Remove"
              + " stream.");
    }
    if (candidates < 2) {
      throw ApiException.invalid(
          BEAMS,
          "use_beam_search needs at least 2 beams, but n is 1; set n to 2 or more, or remove"
              + " use_beam_search.");
    }
    double lengthPenalty = lengthPenalty(fields);
    EarlyStopping earlyStopping = earlyStopping(fields.earlyStopping());
    requireSlots(candidates > n ? "best_of" : "n", candidates, "beams");
    return new BeamSearch(candidates, n, lengthPenalty, earlyStopping);
  }

  /**
   * Reserves memory for the hidden states that a contrastive search holds of each text: of as many
   * as can run at once.
   *
   * @param lengths number of tokens of each prompt with its output
   * @throws io.github.gpt2server.memory.MemoryExceededException if there is no memory for it
   */
  void reserve(TextSearch search, IntStream lengths) {
    if (search instanceof ContrastiveSearch) {
      int together = model.engine().slots() / search.width();
      long longest =
          lengths
              .boxed()
              .sorted(Comparator.reverseOrder())
              .limit(together)
              .mapToLong(Integer::longValue)
              .sum();
      RequestMemory.current().add(MemoryUse.ANSWERS, longest * model.width() * Float.BYTES);
    }
  }

  private void requireOneText() {
    if (candidates > 1) {
      throw ApiException.invalid(
          candidates > n ? "best_of" : "n",
          "penalty_alpha gives one text for each prompt, but %d are requested; remove n and best_of."
              .formatted(candidates));
    }
  }

  private void requireSlots(String number, int width, String what) {
    if (width < 2) {
      throw ApiException.invalid(
          number,
          "%s needs %s of at least 2, the number of candidates; set it, such as to 4."
              .formatted(field, number));
    }
    int slots = model.engine().slots();
    if (width > slots) {
      throw ApiException.invalid(
          number,
          "%d %s run at the same time, but this server runs at most %d texts at once (gpt2.max-sequences); use fewer."
              .formatted(width, what, slots));
    }
  }

  private static double lengthPenalty(SearchFields fields) {
    return Bounds.number("length_penalty", fields.lengthPenalty(), 1, -MAX_PENALTY, MAX_PENALTY);
  }

  private static EarlyStopping earlyStopping(JsonNode value) {
    if (value == null || value.isNull()) {
      return EarlyStopping.UNLIKELY;
    }
    if (value.isBoolean()) {
      return value.booleanValue() ? EarlyStopping.FULL : EarlyStopping.UNLIKELY;
    }
    if (value.isString() && value.stringValue().equals("never")) {
      return EarlyStopping.NEVER;
    }
    throw ApiException.invalid(
        "early_stopping",
        "early_stopping must be true, false or \"never\", but is %s."
            .formatted(Excerpt.of(value.toString())));
  }

  /**
   * The parameters that the search uses: those that edit logits.
   *
   * @throws ApiException 400, if the request has others, which say how tokens are drawn
   */
  SamplingParameters sampling(SamplingParameters asked, StoppingSpec stop) {
    if (asked.temperature() != 0 && asked.temperature() != 1) {
      throw ApiException.invalid(
          "temperature",
          "temperature is %s, but %s draws nothing; remove temperature."
              .formatted(asked.temperature(), field));
    }
    refuse("top_k", asked.topK() != 0 && !field.equals(CONTRASTIVE));
    refuse("top_p", asked.topP() != 1);
    refuse("min_p", asked.minP() != 0);
    refuse("typical_p", asked.typicalP() != 1);
    asked.decoding().drawingFields().forEach(field -> refuse(field, true));
    if (field.equals(BEAMS) && stop.tokenIds().size() > MAX_STOP_TOKENS) {
      throw ApiException.invalid(
          "stop_token_ids",
          "use_beam_search ranks continuations for each of the %d tokens that end a text, but the limit is %d; send fewer stop_token_ids."
              .formatted(stop.tokenIds().size(), MAX_STOP_TOKENS));
    }
    return new SamplingParameters(
        0,
        0,
        1,
        0,
        1,
        asked.repetitionPenalty(),
        asked.presencePenalty(),
        asked.frequencyPenalty(),
        asked.logitBias(),
        asked.minTokens(),
        0,
        TextForm.ANY,
        asked.decoding());
  }

  private void refuse(String other, boolean used) {
    if (used) {
      throw ApiException.invalid(
          other,
          "%s cannot be combined with %s, which draws nothing; remove one of them."
              .formatted(other, field));
    }
  }
}
