package io.github.gpt2server.api.insight.tokenize;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.swagger.v3.oas.annotations.media.Schema;

/** The body of a response to {@code POST /tokenize}. */
@Schema(name = "VllmTokens")
public record VllmTokenizeResponse(
    @JsonProperty("count") int count,
    @JsonProperty("max_model_len") int maxModelLen,
    @JsonProperty("tokens") int[] tokens) {}
