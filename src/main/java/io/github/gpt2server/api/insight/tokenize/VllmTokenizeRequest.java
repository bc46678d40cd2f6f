package io.github.gpt2server.api.insight.tokenize;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.github.gpt2server.api.json.JsonRequest;
import io.github.gpt2server.api.limit.FieldSection;
import io.swagger.v3.oas.annotations.media.Schema;

/** The body of {@code POST /tokenize}, as sent. */
@FieldSection("vllm-tokenize")
@Schema(name = "VllmTokenizeRequest")
public record VllmTokenizeRequest(
    @Schema(
            description = "The served model's id, the last part of the id, or an alias.",
            nullable = true)
        @JsonProperty("model")
        String model,
    @Schema(example = "Once upon a time", requiredMode = Schema.RequiredMode.REQUIRED)
        @JsonProperty("prompt")
        String prompt,
    @Schema(
            description =
                "Whether to add the special tokens that the tokenizer's files put around a text.",
            defaultValue = "true")
        @JsonProperty("add_special_tokens")
        Boolean addSpecialTokens)
    implements JsonRequest {}
