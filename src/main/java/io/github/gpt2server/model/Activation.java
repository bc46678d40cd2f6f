package io.github.gpt2server.model;

import java.util.Optional;

/** The function between the two linear layers of a block's MLP. */
public enum Activation {
  /**
   * GELU in its tanh approximation, {@code 0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3)))}:
   * GPT-2's own. Hendrycks and Gimpel, "Gaussian Error Linear Units", 2016.
   */
  GELU_TANH,

  /** GELU by the error function, {@code 0.5 x (1 + erf(x / sqrt(2)))}. Same source. */
  GELU,

  /** {@code max(0, x)}. */
  RELU;

  /** Every name that {@link #ofConfigName} knows, for messages. */
  static final String CONFIG_NAMES = "gelu_new, gelu_pytorch_tanh, gelu_fast, gelu and relu";

  /** The function that {@code activation_function} of a config.json names, if it is known. */
  static Optional<Activation> ofConfigName(String name) {
    return switch (name) {
      // gelu_fast and gelu_new are one formula, multiplied out differently.
      case "gelu_new", "gelu_pytorch_tanh", "gelu_fast" -> Optional.of(GELU_TANH);
      case "gelu" -> Optional.of(GELU);
      case "relu" -> Optional.of(RELU);
      default -> Optional.empty();
    };
  }
}
