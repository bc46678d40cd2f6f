package io.github.gpt2server.model.checkpoint;

import java.util.Optional;

/** The function between the two linear layers of a block's MLP. */
public enum Activation {
  /**
   * GELU in its tanh approximation, {@code 0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3)))}:
   * GPT-2's own. Hendrycks and Gimpel, "Gaussian Error Linear Units", 2016.
   */
  GELU_TANH(-0.17005),

  /** GELU by the error function, {@code 0.5 x (1 + erf(x / sqrt(2)))}. Same source. */
  GELU(-0.16998),

  /** GELU by the logistic function, {@code x / (1 + exp(-1.702 x))}. Same source. */
  QUICK_GELU(-0.16362),

  /** {@code x / (1 + exp(-x))}, also called swish. Same source. */
  SILU(-0.27847),

  /** {@code max(0, x)}. */
  RELU(0),

  /** The hyperbolic tangent. */
  TANH(-1);

  private final double minimum;

  Activation(double minimum) {
    this.minimum = minimum;
  }

  /** A number that the function never falls below, by less than a part in ten thousand. */
  public double minimum() {
    return minimum;
  }

  /** Every name that {@link #ofConfigName} knows, for messages. */
  static final String CONFIG_NAMES =
      "gelu_new, gelu_pytorch_tanh, gelu_python_tanh, gelu_fast, gelu_accurate, gelu, gelu_python,"
          + " quick_gelu, silu, swish, relu and tanh";

  /**
   * The function that {@code activation_function} of a config.json names, if it is known: those
   * that Hugging Face's {@code GPT2Config} lists, and their other names in {@code ACT2FN}.
   */
  static Optional<Activation> ofConfigName(String name) {
    return switch (name) {
      // One formula, multiplied out differently.
      case "gelu_new", "gelu_pytorch_tanh", "gelu_python_tanh", "gelu_fast", "gelu_accurate" ->
          Optional.of(GELU_TANH);
      case "gelu", "gelu_python" -> Optional.of(GELU);
      case "quick_gelu" -> Optional.of(QUICK_GELU);
      case "silu", "swish" -> Optional.of(SILU);
      case "relu" -> Optional.of(RELU);
      case "tanh" -> Optional.of(TANH);
      default -> Optional.empty();
    };
  }
}
