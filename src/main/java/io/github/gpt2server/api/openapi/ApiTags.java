package io.github.gpt2server.api.openapi;

import io.swagger.v3.oas.models.tags.Tag;
import java.util.List;

/** The groups of endpoints in the OpenAPI document, which generated clients make classes of. */
public final class ApiTags {
  /** OpenAI's completions. */
  public static final String COMPLETIONS = "Completions";

  /** OpenAI's chat completions. */
  public static final String CHAT = "Chat";

  /** OpenAI's embeddings. */
  public static final String EMBEDDINGS = "Embeddings";

  /** OpenAI's list of models. */
  public static final String MODELS = "Models";

  /** Probabilities of tokens and texts. */
  public static final String PROBABILITIES = "Probabilities";

  /** The internals of the model. */
  public static final String INSPECTION = "Inspection";

  /** Text to tokens and back. */
  public static final String TOKENIZER = "Tokenizer";

  private static final String HEALTH = "Health";

  private ApiTags() {}

  /** All of them, in the order in which the document shows them. */
  static List<Tag> all() {
    return List.of(
        tag(COMPLETIONS, "Continuing texts, as OpenAI's API has it."),
        tag(CHAT, "Answers in conversations, as OpenAI's API has it."),
        tag(EMBEDDINGS, "Texts as vectors, as OpenAI's API has it."),
        tag(MODELS, "What is served, as OpenAI's API has it."),
        tag(PROBABILITIES, "How likely tokens and texts are."),
        tag(INSPECTION, "The internals of the model: attention, logit lens, ablation, embeddings."),
        tag(TOKENIZER, "Text to tokens and back, also at the paths that harnesses know from vLLM."),
        tag(HEALTH, "Whether requests are answered."));
  }

  private static Tag tag(String name, String description) {
    return new Tag().name(name).description(description);
  }
}
