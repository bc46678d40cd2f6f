package io.github.gpt2server.api.openai.structured;

import java.util.List;
import tools.jackson.databind.JsonNode;

/** The fields that ask for a form of the text, as sent: each may be null. */
public interface StructuredFields {
  StructuredOutputs structuredOutputs();

  ResponseFormat responseFormat();

  /** A JSON Schema, llama.cpp's name. */
  JsonNode jsonSchema();

  /** vLLM's earlier name of {@link StructuredOutputs#json}. */
  JsonNode guidedJson();

  /** vLLM's earlier name of {@link StructuredOutputs#regex}. */
  String guidedRegex();

  /** vLLM's earlier name of {@link StructuredOutputs#choice}. */
  List<String> guidedChoice();

  Boolean returnStructuredMass();
}
