package io.github.gpt2server.api.openai.generation;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.github.gpt2server.api.limit.FieldSection;
import io.swagger.v3.oas.annotations.media.Schema;

/** The fields of completions that decide how one next token is drawn, as sent. */
@FieldSection("sampling")
@Schema(
    name = "Sampling",
    description =
        "How the next token would be drawn, by the fields of a completion; {} stands for their"
            + " defaults.")
public record DrawFields(
    @JsonUnwrapped SamplingFields sampling,
    @JsonUnwrapped DecodingFields decoding,
    @Schema(
            description = "If more than 0, the tokens that end a text cannot be drawn.",
            minimum = "0",
            defaultValue = "0")
        @JsonProperty("min_tokens")
        Integer minTokens,
    @Schema(
            description =
                "Whether <|endoftext|> is no end of a text, so that min_tokens does not exclude it.",
            defaultValue = "false")
        @JsonProperty("ignore_eos")
        Boolean ignoreEos,
    @Schema(description = "Ids of further tokens that end a text, for min_tokens.", nullable = true)
        @JsonProperty("stop_token_ids")
        int[] stopTokenIds) {}
