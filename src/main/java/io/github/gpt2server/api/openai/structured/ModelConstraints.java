package io.github.gpt2server.api.openai.structured;

import io.github.gpt2server.constraint.CompiledConstraints;
import io.github.gpt2server.constraint.token.TokenTree;
import io.github.gpt2server.serving.ServedModel;
import io.github.gpt2server.tokenizer.Gpt2Tokenizer;
import org.springframework.stereotype.Component;

/** The compiled constraints of the served model, made when the first request needs them. */
@Component
public final class ModelConstraints {
  private Gpt2Tokenizer tokenizer;
  private CompiledConstraints constraints;

  /** The compiled constraints for a model's vocabulary. */
  public synchronized CompiledConstraints of(ServedModel model) {
    if (tokenizer != model.tokenizer()) {
      tokenizer = model.tokenizer();
      constraints =
          new CompiledConstraints(
              TokenTree.of(
                  model.vocabSize(),
                  model.tokenizer()::bytes,
                  id -> !model.tokenizer().special(id) && !model.endTokens().contains(id)));
    }
    return constraints;
  }
}
