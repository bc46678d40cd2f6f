package io.github.gpt2server.api.insight.tokenize;

import io.github.gpt2server.api.request.PromptReader;
import io.github.gpt2server.serving.ServedModel;
import io.github.gpt2server.tokenizer.TokenizedText;
import io.github.gpt2server.web.error.ApiException;

/** Runs the served model's tokenizer. */
final class TokenizeHandler {
  private final ServedModel model;

  TokenizeHandler(ServedModel model) {
    this.model = model;
  }

  /**
   * Tokenizes a text.
   *
   * @throws ApiException 400, if the vocabulary lacks one of the text's bytes; 504, if it times out
   */
  TokenizedText tokenize(TokenizeSpec spec) {
    return new PromptReader(model).tokenize(spec.field(), spec.text(), spec.addSpecialTokens());
  }

  /** Returns the text of tokens, with U+FFFD for bytes that are not valid UTF-8. */
  String detokenize(DetokenizeSpec spec) {
    return model.tokenizer().decode(spec.tokens());
  }
}
