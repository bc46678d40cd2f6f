package io.github.gpt2server.api.insight.tokenize;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.github.gpt2server.api.json.JsonRequest;
import io.github.gpt2server.api.limit.FieldSection;
import io.swagger.v3.oas.annotations.media.Schema;

/** The body of {@code POST /v1/detokenize} and {@code POST /detokenize}, as sent. */
@FieldSection("detokenize")
@Schema(name = "DetokenizeRequest")
public record DetokenizeRequest(
    @Schema(
            description = "The served model's id, the last part of the id, or an alias.",
            nullable = true)
        @JsonProperty("model")
        String model,
    @Schema(example = "[2771, 565, 258, 542]", requiredMode = Schema.RequiredMode.REQUIRED)
        @JsonProperty("tokens")
        int[] tokens)
    implements JsonRequest {}
