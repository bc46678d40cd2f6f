package io.github.gpt2server.api.openai.generation;

import io.github.gpt2server.api.openai.structured.Structure;
import io.github.gpt2server.api.request.Bounds;
import io.github.gpt2server.engine.request.BeamSearch;
import io.github.gpt2server.engine.request.BeamSearch.EarlyStopping;
import io.github.gpt2server.sampling.SamplingParameters;
import io.github.gpt2server.serving.ServedModel;
import io.github.gpt2server.text.Excerpt;
import io.github.gpt2server.web.error.ApiException;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/**
 * What beam search requires of a request.
 *
 * @param n number of texts to return
 * @param width number of beams, at least {@code n}
 */
record BeamRules(ServedModel model, int n, int width) {
  private static final String FIELD = "use_beam_search";
  private static final double MAX_PENALTY = 10;

  /** Bounds the number of continuations of a beam that are ranked in each step. */
  private static final int MAX_STOP_TOKENS = 100;

  /** Returns whether a request asks for beam search. */
  static boolean asked(BeamFields fields) {
    return fields.useBeamSearch() != null && fields.useBeamSearch();
  }

  /**
   * Checks the number of beams and what the texts are generated with.
   *
   * @throws ApiException 400, if the request cannot be answered by beam search
   */
  BeamSearch check(
      BeamFields fields, boolean stream, boolean healing, Structure structure, int maxTokens) {
    if (stream) {
      throw ApiException.invalid(
          FIELD,
          "use_beam_search cannot be streamed: the best texts are known only at the end. Remove"
              + " stream.");
    }
    requireBeams();
    if (maxTokens == 0) {
      throw ApiException.invalid(
          FIELD, "use_beam_search generates text, but max_tokens is 0; remove one of them.");
    }
    refuse("token_healing", healing);
    if (!(structure instanceof Structure.Free)) {
      throw ApiException.invalid(
          FIELD,
          "use_beam_search cannot be combined with a form of the text; remove use_beam_search.");
    }
    double lengthPenalty =
        Bounds.number("length_penalty", fields.lengthPenalty(), 1, -MAX_PENALTY, MAX_PENALTY);
    EarlyStopping earlyStopping = earlyStopping(fields.earlyStopping());
    requireSlots();
    return new BeamSearch(width, n, lengthPenalty, earlyStopping);
  }

  private void requireBeams() {
    if (width < 2) {
      throw ApiException.invalid(
          FIELD,
          "use_beam_search needs at least 2 beams, but n is 1; set n to 2 or more, or remove"
              + " use_beam_search.");
    }
  }

  private void requireSlots() {
    int slots = model.engine().slots();
    if (width > slots) {
      throw ApiException.invalid(
          width > n ? "best_of" : "n",
          "%d beams run at the same time, but this server runs at most %d texts at once (gpt2.max-sequences); use fewer beams."
              .formatted(width, slots));
    }
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
   * The parameters that the search uses: no more than the minimum length.
   *
   * @throws ApiException 400, if the request has others that would change the texts
   */
  SamplingParameters sampling(SamplingParameters asked, StoppingSpec stop) {
    if (asked.temperature() != 0 && asked.temperature() != 1) {
      throw ApiException.invalid(
          "temperature",
          "temperature is %s, but use_beam_search compares the model's own probabilities; remove temperature."
              .formatted(asked.temperature()));
    }
    refuse("top_k", asked.topK() != 0);
    refuse("top_p", asked.topP() != 1);
    refuse("min_p", asked.minP() != 0);
    refuse("typical_p", asked.typicalP() != 1);
    refuse("repetition_penalty", asked.repetitionPenalty().penalty() != 1);
    refuse("presence_penalty", asked.presencePenalty() != 0);
    refuse("frequency_penalty", asked.frequencyPenalty() != 0);
    refuse("logit_bias", !asked.logitBias().isEmpty());
    if (stop.tokenIds().size() > MAX_STOP_TOKENS) {
      throw ApiException.invalid(
          "stop_token_ids",
          "use_beam_search ranks continuations for each of the %d tokens that end a text, but the limit is %d; send fewer stop_token_ids."
              .formatted(stop.tokenIds().size(), MAX_STOP_TOKENS));
    }
    return new SamplingParameters(0, 0, 1, 0, 1, 1, 0, 0, Map.of(), asked.minTokens(), 0);
  }

  private static void refuse(String field, boolean used) {
    if (used) {
      throw ApiException.invalid(
          field,
          "%s cannot be combined with use_beam_search, which compares the model's own probabilities; remove one of them."
              .formatted(field));
    }
  }
}
