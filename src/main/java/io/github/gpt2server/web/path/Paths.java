package io.github.gpt2server.web.path;

import java.util.List;

/** The paths that are served; clients depend on them. */
public final class Paths {
  public static final String COMPLETIONS = "/v1/completions";
  public static final String CHAT_COMPLETIONS = "/v1/chat/completions";
  public static final String EMBEDDINGS = "/v1/embeddings";
  public static final String MODELS = "/v1/models";
  public static final String NEXT_TOKEN = "/v1/next-token";
  public static final String SCORE = "/v1/score";
  public static final String INSPECT = "/v1/inspect";
  public static final String MOST_SIMILAR = "/v1/most-similar";
  public static final String TOKENIZE = "/v1/tokenize";
  public static final String DETOKENIZE = "/v1/detokenize";

  public static final String VOCABULARY = "/v1/vocabulary";
  public static final String STATUS = "/v1/status";

  public static final String VLLM_TOKENIZE = "/tokenize";
  public static final String VLLM_DETOKENIZE = "/detokenize";
  public static final String VLLM_TOKENIZER_INFO = "/tokenizer_info";

  /**
   * Stands before the paths that clients of Azure ask for; some of these go on with {@code /v1}.
   */
  public static final String AZURE = "/openai";

  /** A deployment's completions, below {@link #AZURE}. */
  public static final String AZURE_DEPLOYMENT_COMPLETIONS = "/deployments/{deployment}/completions";

  /** A deployment's chat completions, below {@link #AZURE}. */
  public static final String AZURE_DEPLOYMENT_CHAT_COMPLETIONS =
      "/deployments/{deployment}/chat/completions";

  /** A deployment's embeddings, below {@link #AZURE}. */
  public static final String AZURE_DEPLOYMENT_EMBEDDINGS = "/deployments/{deployment}/embeddings";

  /** The models without a version, below {@link #AZURE}. */
  public static final String AZURE_MODELS = "/models";

  /** The rest of a path that names one model, whose name may have slashes. */
  public static final String ID = "/{*id}";

  public static final String HEALTH = "/health";
  public static final String METRICS = "/metrics";
  public static final String ACTUATOR = "/actuator";

  /** The OpenAPI document, as {@code springdoc.api-docs.path} sets it. */
  public static final String API_DOCS = "/v3/api-docs";

  /** The OpenAPI document in version 3.0. */
  public static final String API_DOCS_30 = "/v3.0/api-docs";

  /** The playground's page and files. */
  public static final List<String> PLAYGROUND =
      List.of("/", "/index.html", "/app.js", "/sse.js", "/style.css", "/icon.svg");

  private Paths() {}
}
