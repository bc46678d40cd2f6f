package io.github.gpt2server.api.openai.structured;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.github.gpt2server.api.limit.FieldSection;
import io.swagger.v3.oas.annotations.media.Schema;
import java.util.List;
import tools.jackson.databind.JsonNode;

/** The form that a text must have, as sent: one of the fields. Named as in vLLM. */
@FieldSection("structured-outputs")
@Schema(
    name = "StructuredOutputs",
    description = "The form that the text must have: exactly one of the fields.")
public record StructuredOutputs(
    @Schema(
            description =
                "The text is one of these, drawn with the model's probabilities of the whole strings"
                    + " (temperature 0 takes the most likely one).",
            example = "[\"positive\", \"negative\"]",
            nullable = true)
        @JsonProperty("choice")
        List<String> choice,
    @Schema(
            description =
                "The text matches this regular expression from beginning to end. ECMAScript's syntax"
                    + " without look-around and back-references.",
            nullable = true)
        @JsonProperty("regex")
        String regex,
    @Schema(
            description = "The text is a JSON value that this JSON Schema accepts.",
            types = {"object", "boolean", "string"})
        @JsonProperty("json")
        JsonNode json,
    @Schema(description = "Whether the text is a JSON object.", nullable = true)
        @JsonProperty("json_object")
        Boolean jsonObject) {}
