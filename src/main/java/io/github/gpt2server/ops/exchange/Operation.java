package io.github.gpt2server.ops.exchange;

import io.github.gpt2server.web.path.Paths;
import jakarta.servlet.http.HttpServletRequest;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Operations of the model that a client can request, each with its path. The first three names are
 * those of OpenTelemetry's conventions for generative AI ({@code gen_ai.operation.name}), the
 * others are this server's.
 */
public enum Operation {
  CHAT(Paths.CHAT_COMPLETIONS),
  TEXT_COMPLETION(Paths.COMPLETIONS),
  EMBEDDINGS(Paths.EMBEDDINGS),
  NEXT_TOKEN(Paths.NEXT_TOKEN),
  SCORE(Paths.SCORE),
  INSPECT(Paths.INSPECT),
  MOST_SIMILAR(Paths.MOST_SIMILAR);

  private static final Pattern AZURE =
      Pattern.compile(
          "^"
              + Paths.AZURE
              + "/(?:v1|deployments/[^/]+)/(completions|chat/completions|embeddings)$");

  private final String path;

  Operation(String path) {
    this.path = path;
  }

  /** The operation that a request is for, at Azure's paths too; empty if it needs no model. */
  public static Optional<Operation> of(HttpServletRequest request) {
    if (!request.getMethod().equals("POST")) {
      return Optional.empty();
    }
    return at(request.getServletPath());
  }

  static Optional<Operation> at(String path) {
    String own = AZURE.matcher(path).replaceFirst("/v1/$1");
    return Arrays.stream(values()).filter(operation -> operation.path.equals(own)).findFirst();
  }

  /** The name as labels and attributes write it. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
