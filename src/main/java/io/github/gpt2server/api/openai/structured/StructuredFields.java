package io.github.gpt2server.api.openai.structured;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.swagger.v3.oas.annotations.media.Schema;
import java.util.List;
import tools.jackson.databind.JsonNode;

/** The fields that ask for a form of the text, as sent: each may be null. */
public record StructuredFields(
    @Schema(description = "The form that the text must have.", nullable = true)
        @JsonProperty("structured_outputs")
        StructuredOutputs structuredOutputs,
    @Schema(
            description = "OpenAI's way to ask for JSON; another way to write structured_outputs.",
            nullable = true)
        @JsonProperty("response_format")
        ResponseFormat responseFormat,
    @Schema(
            description = "A JSON Schema, llama.cpp's way to write structured_outputs.json.",
            types = {"object", "boolean", "string", "null"})
        @JsonProperty("json_schema")
        JsonNode jsonSchema,
    @Schema(
            description = "vLLM's earlier way to write structured_outputs.json.",
            types = {"object", "boolean", "string", "null"})
        @JsonProperty("guided_json")
        JsonNode guidedJson,
    @Schema(description = "vLLM's earlier way to write structured_outputs.regex.", nullable = true)
        @JsonProperty("guided_regex")
        String guidedRegex,
    @Schema(description = "vLLM's earlier way to write structured_outputs.choice.", nullable = true)
        @JsonProperty("guided_choice")
        List<String> guidedChoice,
    @Schema(
            description =
                "Whether choices include structured_mass: how much of the model's probability the"
                    + " form of the text allows.",
            defaultValue = "false")
        @JsonProperty("return_structured_mass")
        Boolean returnStructuredMass) {}
