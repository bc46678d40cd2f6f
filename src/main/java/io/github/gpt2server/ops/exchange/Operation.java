package io.github.gpt2server.ops.exchange;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * What a client asks of the model. The first two names are those of OpenTelemetry's conventions for
 * generative AI ({@code gen_ai.operation.name}), the others are this server's.
 */
public enum Operation {
  TEXT_COMPLETION("/v1/completions"),
  EMBEDDINGS("/v1/embeddings"),
  NEXT_TOKEN("/v1/next-token"),
  SCORE("/v1/score"),
  INSPECT("/v1/inspect"),
  MOST_SIMILAR("/v1/most-similar");

  private static final Pattern AZURE =
      Pattern.compile("^/openai/(?:v1|deployments/[^/]+)/(completions|embeddings)$");

  private final String path;

  Operation(String path) {
    this.path = path;
  }

  /** The operation behind a path, Azure's among them; empty if it needs no model. */
  static Optional<Operation> at(String path) {
    String own = AZURE.matcher(path).replaceFirst("/v1/$1");
    return Arrays.stream(values()).filter(operation -> operation.path.equals(own)).findFirst();
  }

  /** As labels and attributes write it. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
