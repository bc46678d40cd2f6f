package io.github.gpt2server.api.insight.tokenize;

import io.github.gpt2server.api.request.ModelCheck;
import io.github.gpt2server.api.request.PromptReader;
import io.github.gpt2server.serving.ServedModel;
import io.github.gpt2server.web.error.ApiException;

/** Turns requests to tokenize and detokenize into their specs, or refuses them. */
final class TokenizeValidator {
  private final ServedModel model;

  TokenizeValidator(ServedModel model) {
    this.model = model;
  }

  /**
   * Validates a request.
   *
   * @throws ApiException 400 or 404, if it is invalid
   */
  TokenizeSpec validate(TokenizeRequest request) {
    return spec("text", request.text(), request.addSpecialTokens(), request.model());
  }

  /**
   * Validates a request in vLLM's format.
   *
   * @throws ApiException 400 or 404, if it is invalid
   */
  TokenizeSpec validate(VllmTokenizeRequest request) {
    return spec("prompt", request.prompt(), request.addSpecialTokens(), request.model());
  }

  /**
   * Validates a request.
   *
   * @throws ApiException 400 or 404, if it is invalid
   */
  DetokenizeSpec validate(DetokenizeRequest request) {
    ModelCheck.check(request.model(), model);
    if (request.tokens() == null) {
      throw ApiException.invalid("tokens", "tokens is missing; send an array of token ids.");
    }
    return new DetokenizeSpec(new PromptReader(model).tokens("tokens", request.tokens()));
  }

  private TokenizeSpec spec(
      String field, String text, Boolean addSpecialTokens, String requestedModel) {
    ModelCheck.check(requestedModel, model);
    if (text == null) {
      throw ApiException.invalid(field, field + " is missing; send the text to tokenize.");
    }
    return new TokenizeSpec(field, text, addSpecialTokens == null || addSpecialTokens);
  }
}
