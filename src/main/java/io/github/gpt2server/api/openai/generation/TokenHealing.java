package io.github.gpt2server.api.openai.generation;

import io.github.gpt2server.api.openai.structured.ModelConstraints;
import io.github.gpt2server.api.openai.structured.Structure;
import io.github.gpt2server.api.request.PromptReader;
import io.github.gpt2server.api.request.PromptTokens;
import io.github.gpt2server.constraint.token.FirstToken;
import io.github.gpt2server.constraint.token.TokenTree;
import io.github.gpt2server.sampling.TextForm;
import io.github.gpt2server.sampling.TokenConstraint;
import io.github.gpt2server.serving.ServedModel;
import io.github.gpt2server.web.error.ApiException;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/**
 * Token healing: a prompt's last token is taken back, and the completion begins with a token whose
 * bytes begin with those of that token, itself included. A prompt that ends with a special token,
 * which has no text, stays as it is.
 */
final class TokenHealing {
  private final ServedModel model;
  private final PromptReader reader;
  private final TokenTree tree;

  TokenHealing(ServedModel model, PromptReader reader, ModelConstraints constraints) {
    this.model = model;
    this.reader = reader;
    this.tree = constraints.of(model).tree();
  }

  /**
   * Takes back a prompt's last token. A prompt of a single one becomes the token that begins a
   * text.
   *
   * @throws ApiException 400, if no token begins a text
   */
  PromptTokens heal(String field, PromptTokens prompt) {
    byte[] bytes = tree.bytes(prompt.ids()[prompt.length() - 1]);
    return bytes.length == 0 ? prompt : prompt.healed(bytes, () -> reader.beginning(field));
  }

  /**
   * The form of the texts that continue a prompt.
   *
   * @throws ApiException 400, if the request allows none
   */
  TextForm form(PromptTokens prompt, Structure structure, StoppingSpec stop, int minTokens) {
    if (!(structure instanceof Structure.Free)) {
      throw ApiException.invalid(
          "token_healing",
          "token_healing cannot be combined with a form of the text, which begins after the prompt;"
              + " remove token_healing.");
    }
    if (prompt.healed() == null) {
      return TextForm.ANY;
    }
    Supplier<TokenConstraint> begin = FirstToken.of(tree, prompt.healed().bytes());
    TokenConstraint first = begin.get();
    if (minTokens > 0
        && IntStream.range(0, model.vocabSize())
            .filter(first::allows)
            .allMatch(stop.tokenIds()::contains)) {
      throw ApiException.invalid(
          "stop_token_ids",
          ("stop_token_ids has every token that can continue the prompt's last one, so with"
                  + " min_tokens = %d no token can be generated; remove token_healing or min_tokens.")
              .formatted(minTokens));
    }
    return new TextForm(begin, false, prompt.healed().bytes().length);
  }
}
