package io.github.gpt2server.api.openai.generation;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.swagger.v3.oas.annotations.media.Schema;
import tools.jackson.databind.JsonNode;

/** The fields that say where a text ends, as sent: each may be null. */
public record StoppingFields(
    @Schema(
            description = "One string, or up to 16 strings, before which the text ends.",
            oneOf = {String.class, String[].class},
            example = "[\"\\n\\n\"]")
        @JsonProperty("stop")
        JsonNode stop,
    @Schema(
            description = "Minimum number of tokens to generate before a stop token is allowed.",
            minimum = "0",
            defaultValue = "0")
        @JsonProperty("min_tokens")
        Integer minTokens,
    @Schema(description = "Whether to continue after <|endoftext|>.", defaultValue = "false")
        @JsonProperty("ignore_eos")
        Boolean ignoreEos,
    @Schema(description = "Ids of further tokens that end the text.", nullable = true)
        @JsonProperty("stop_token_ids")
        int[] stopTokenIds,
    @Schema(
            description =
                "Whether the text includes the stop string, or the token of stop_token_ids, that"
                    + " ended it.",
            defaultValue = "false")
        @JsonProperty("include_stop_str_in_output")
        Boolean includeStopStrInOutput) {}
