package io.github.gpt2server.api.openai.structured;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.github.gpt2server.api.limit.FieldSection;
import io.swagger.v3.oas.annotations.media.Schema;
import tools.jackson.databind.JsonNode;

/** OpenAI's form of the same, as sent. */
@FieldSection("response-format")
@Schema(name = "ResponseFormat", description = "OpenAI's way to ask for JSON.")
public record ResponseFormat(
    @Schema(
            description = "The form of the text.",
            allowableValues = {"text", "json_object", "json_schema"})
        @JsonProperty("type")
        String type,
    @Schema(description = "The schema, for the type json_schema.", nullable = true)
        @JsonProperty("json_schema")
        NamedSchema jsonSchema,
    @Schema(
            description = "The schema, as llama.cpp's clients send it, for either JSON type.",
            types = {"object", "boolean", "null"})
        @JsonProperty("schema")
        JsonNode schema) {

  /** A JSON Schema with what OpenAI has beside it. */
  @FieldSection("named-schema")
  @Schema(name = "NamedSchema")
  public record NamedSchema(
      @Schema(description = "A name, which changes nothing.", nullable = true) @JsonProperty("name")
          String name,
      @Schema(description = "A description, which changes nothing.", nullable = true)
          @JsonProperty("description")
          String description,
      @Schema(
              description = "The JSON Schema.",
              types = {"object", "boolean", "null"})
          @JsonProperty("schema")
          JsonNode schema,
      @Schema(description = "Changes nothing: a schema is always followed.", nullable = true)
          @JsonProperty("strict")
          Boolean strict) {}
}
