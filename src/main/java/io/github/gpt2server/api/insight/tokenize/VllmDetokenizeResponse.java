package io.github.gpt2server.api.insight.tokenize;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.swagger.v3.oas.annotations.media.Schema;

/** The body of a response to {@code POST /detokenize}. */
@Schema(name = "VllmPrompt")
public record VllmDetokenizeResponse(@JsonProperty("prompt") String prompt) {}
