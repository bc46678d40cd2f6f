package io.github.gpt2server.cli.evaluate;

import io.github.gpt2server.cli.console.CommandException;
import io.github.gpt2server.tokenizer.Gpt2Tokenizer;

/**
 * A text to evaluate.
 *
 * @param name the file, with the line if it holds several texts
 * @param text the text itself
 */
record Document(String name, String text) {

  /**
   * Encodes this text or a part of it.
   *
   * @throws CommandException if the vocabulary cannot express it
   */
  int[] encode(String part, Gpt2Tokenizer tokenizer) {
    try {
      return tokenizer.encode(part);
    } catch (IllegalArgumentException e) {
      throw new CommandException("In %s, %s.".formatted(name, e.getMessage()), e);
    }
  }

  /**
   * Returns the token that marks the beginning of a text.
   *
   * @throws CommandException if the model has none
   */
  static int beginning(Gpt2Tokenizer tokenizer) {
    return tokenizer
        .beginning()
        .orElseThrow(
            () ->
                new CommandException(
                    "This model has no token that begins a text: its files name neither a bos_token nor an eos_token."));
  }
}
