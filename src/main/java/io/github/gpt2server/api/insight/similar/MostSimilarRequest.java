package io.github.gpt2server.api.insight.similar;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.github.gpt2server.api.json.JsonRequest;
import io.github.gpt2server.api.limit.FieldSection;
import io.swagger.v3.oas.annotations.media.Schema;
import java.util.List;

/** The body of {@code POST /v1/most-similar}, as sent. */
@FieldSection("most-similar")
@Schema(description = "The terms whose neighbors to find. Each term is the text of one token.")
public record MostSimilarRequest(
    @Schema(
            description = "The served model's id, the last part of the id, or an alias.",
            nullable = true)
        @JsonProperty("model")
        String model,
    @Schema(
            description =
                "Terms whose unit vectors are added. Most words are one token when they have a"
                    + " leading space.",
            example = "[\" king\"]")
        @JsonProperty("positive")
        List<String> positive,
    @Schema(description = "Terms whose unit vectors are subtracted.", example = "[]")
        @JsonProperty("negative")
        List<String> negative,
    @Schema(
            description = "Number of most similar tokens to report, at most the whole vocabulary.",
            minimum = "1",
            defaultValue = "10",
            example = "5")
        @JsonProperty("top_k")
        Integer topK)
    implements JsonRequest {}
