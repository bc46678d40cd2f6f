package io.github.gpt2server.api.openai.generation;

import io.github.gpt2server.api.openai.structured.StructuredFields;

/** The fields that requests for completions and for chats share, as sent: each may be null. */
public interface GenerationFields {
  /** Description of {@link #tokenHealing} for the OpenAPI document. */
  String TOKEN_HEALING =
      "Whether the prompt's last token is taken back, so that the completion begins with a token that"
          + " continues its text, drawn among all such tokens. The text does not repeat it.";

  String model();

  Integer n();

  Long seed();

  Integer truncatePromptTokens();

  String cacheSalt();

  Boolean tokenHealing();

  /** Never null. */
  SearchFields search();

  /** Never null. */
  SamplingFields sampling();

  /** Never null. */
  DecodingFields decoding();

  /** Never null. */
  StoppingFields stopping();

  /** Never null. */
  ReportFields report();

  /** Never null. */
  StructuredFields structured();
}
