package io.github.gpt2server.api.insight.tokenize;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.swagger.v3.oas.annotations.media.Schema;

/** The body of a response to {@code POST /v1/detokenize}. */
@Schema(name = "Text")
public record DetokenizeResponse(@JsonProperty("text") String text) {}
