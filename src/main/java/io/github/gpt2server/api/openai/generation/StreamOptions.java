package io.github.gpt2server.api.openai.generation;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.github.gpt2server.api.limit.FieldSection;
import io.swagger.v3.oas.annotations.media.Schema;

/** Options of a streamed response. */
@FieldSection("stream-options")
@Schema(name = "StreamOptions")
public record StreamOptions(
    @Schema(description = "Whether a final chunk reports the usage.", defaultValue = "false")
        @JsonProperty("include_usage")
        Boolean includeUsage,
    @Schema(
            description =
                "Whether every chunk reports the usage so far instead of null; requires"
                    + " include_usage.",
            defaultValue = "false")
        @JsonProperty("continuous_usage_stats")
        Boolean continuousUsageStats) {}
