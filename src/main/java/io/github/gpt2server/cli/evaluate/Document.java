package io.github.gpt2server.cli.evaluate;

import io.github.gpt2server.cli.console.CommandException;
import io.github.gpt2server.tokenizer.Gpt2Tokenizer;

/**
 * A text to evaluate.
 *
 * @param name the file it is from, with the line if there are several in it
 * @param text what stands there
 */
record Document(String name, String text) {

  /**
   * Tokens of this text or of a part of it.
   *
   * @throws CommandException if it cannot be written in tokens
   */
  int[] encode(String part, Gpt2Tokenizer tokenizer) {
    try {
      return tokenizer.encode(part);
    } catch (IllegalArgumentException e) {
      throw new CommandException("In %s, %s.".formatted(name, e.getMessage()), e);
    }
  }

  /**
   * The token that stands before a text.
   *
   * @throws CommandException if the model has none
   */
  static int beginning(Gpt2Tokenizer tokenizer) {
    return tokenizer
        .beginning()
        .orElseThrow(
            () ->
                new CommandException(
                    "This model has no token that begins a text: neither a bos_token nor an"
                        + " eos_token is named by its files."));
  }
}
