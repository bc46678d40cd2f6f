package io.github.gpt2server.api.insight.similar;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.github.gpt2server.api.json.JsonRequest;
import io.github.gpt2server.api.limit.FieldSection;
import io.swagger.v3.oas.annotations.media.Schema;
import java.util.List;

/** The body of {@code POST /v1/most-similar}, as sent. */
@FieldSection("most-similar")
@Schema(description = "Whose neighbours to find. Each term is the text of one token.")
public record MostSimilarRequest(
    @Schema(description = "The served model; may be left out.", nullable = true)
        @JsonProperty("model")
        String model,
    @Schema(
            description =
                "Terms whose unit vectors are added. Most words are one token with a space before"
                    + " them.",
            example = "[\" king\"]")
        @JsonProperty("positive")
        List<String> positive,
    @Schema(description = "Terms whose unit vectors are subtracted.", example = "[]")
        @JsonProperty("negative")
        List<String> negative,
    @Schema(
            description = "How many of the nearest tokens to report, up to all there are.",
            minimum = "1",
            defaultValue = "10",
            example = "5")
        @JsonProperty("top_k")
        Integer topK)
    implements JsonRequest {}
