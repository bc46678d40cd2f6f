package io.github.gpt2server.api.openai.structured;

import io.github.gpt2server.api.request.PromptTokens;
import io.github.gpt2server.sampling.SamplingParameters;
import io.github.gpt2server.serving.ServedModel;
import io.github.gpt2server.web.error.ApiException;
import io.github.gpt2server.web.error.ErrorCode;
import java.util.List;

/**
 * What a form of the text cannot be combined with.
 *
 * @param stopTokenIds the field, or null
 * @param sampling the request's parameters of sampling
 * @param reportsMass whether the mass of the form is to be reported
 */
public record StructureRules(
    ServedModel model, int[] stopTokenIds, SamplingParameters sampling, boolean reportsMass) {

  /** Largest number of choices that are scored for one request, counted for each prompt. */
  private static final int MAX_SCORED = 10_000;

  /**
   * Checks a form.
   *
   * @throws ApiException 400, if something in the request contradicts it
   */
  public void require(Structure structure, List<PromptTokens> prompts) {
    if (structure instanceof Structure.Free) {
      if (reportsMass) {
        throw ApiException.invalid(
            "return_structured_mass",
            "return_structured_mass requires structured_outputs; send it, or remove"
                + " return_structured_mass.");
      }
      return;
    }
    requireNoStopTokens();
    if (structure instanceof Structure.OneOf choices) {
      requireNoTokenRules();
      requireFew(choices, prompts);
      requireRoom(choices, prompts);
    }
  }

  private void requireNoStopTokens() {
    if (stopTokenIds == null) {
      return;
    }
    for (int token : stopTokenIds) {
      if (!model.endTokens().contains(token)) {
        throw ApiException.invalid(
            "stop_token_ids",
            "stop_token_ids cannot be combined with a form of the text, which says where the text"
                + " ends; remove stop_token_ids, or use stop.");
      }
    }
  }

  /** Fields that change the probabilities of tokens have no meaning for whole choices. */
  private void requireNoTokenRules() {
    refuse("repetition_penalty", sampling.repetitionPenalty().penalty() != 1);
    refuse("presence_penalty", sampling.presencePenalty() != 0);
    refuse("frequency_penalty", sampling.frequencyPenalty() != 0);
    refuse("logit_bias", !sampling.logitBias().isEmpty());
    refuse("min_tokens", sampling.minTokens() > 0);
    sampling.decoding().fields().forEach(field -> refuse(field, true));
  }

  private static void refuse(String field, boolean used) {
    if (used) {
      throw ApiException.invalid(
          field,
          "%s cannot be combined with choices, which are drawn with the model's probabilities; remove it, or use structured_outputs.regex."
              .formatted(field));
    }
  }

  private static void requireFew(Structure.OneOf choices, List<PromptTokens> prompts) {
    long scored = (long) prompts.size() * choices.choices().size();
    if (scored > MAX_SCORED) {
      throw ApiException.invalid(
          choices.field(),
          "%d prompts with %d choices make %d to score, but the limit is %d; send several requests."
              .formatted(prompts.size(), choices.choices().size(), scored, MAX_SCORED));
    }
  }

  private void requireRoom(Structure.OneOf choices, List<PromptTokens> prompts) {
    int longest = choices.choices().stream().mapToInt(c -> c.tokens().length).max().orElse(0);
    for (PromptTokens prompt : prompts) {
      if (prompt.length() + longest > model.contextLength()) {
        throw ApiException.invalid(
            choices.field(),
            ErrorCode.CONTEXT_LENGTH_EXCEEDED,
            "This model's context holds %d tokens, but a prompt has %d and the longest choice %d; shorten one of them."
                .formatted(model.contextLength(), prompt.length(), longest));
      }
    }
  }
}
