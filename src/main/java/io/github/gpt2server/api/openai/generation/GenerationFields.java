package io.github.gpt2server.api.openai.generation;

import io.github.gpt2server.api.openai.structured.StructuredFields;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/** The fields that requests for completions and for chats share, as sent: each may be null. */
public interface GenerationFields extends StructuredFields {
  String model();

  Integer n();

  Double temperature();

  Double topP();

  Integer topK();

  Double minP();

  Double typicalP();

  Double repetitionPenalty();

  Integer repetitionPenaltyRange();

  Boolean penalizeNl();

  Double presencePenalty();

  Double frequencyPenalty();

  Map<String, Double> logitBias();

  Integer minTokens();

  Long seed();

  Boolean ignoreEos();

  int[] stopTokenIds();

  JsonNode stop();

  Boolean includeStopStrInOutput();

  Boolean stream();

  StreamOptions streamOptions();

  int[] logprobTokenIds();

  Integer truncatePromptTokens();

  Boolean returnTokenIds();

  String cacheSalt();
}
