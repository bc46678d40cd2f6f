package io.github.gpt2server.api.insight.score;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.github.gpt2server.api.json.JsonRequest;
import io.github.gpt2server.api.limit.FieldSection;
import io.swagger.v3.oas.annotations.media.Schema;
import java.util.List;
import tools.jackson.databind.JsonNode;

/** The body of {@code POST /v1/score}, as sent. */
@FieldSection("score")
@Schema(description = "What to score. Give text, or a prompt with continuations.")
public record ScoreRequest(
    @Schema(description = "The served model; may be left out.", nullable = true)
        @JsonProperty("model")
        String model,
    @Schema(
            description = "The text; an array of texts gives results for each. Of any length.",
            oneOf = {String.class, String[].class},
            example = "Once upon a time, there was a king.")
        @JsonProperty("text")
        JsonNode text,
    @Schema(
            description =
                "How far apart the windows over a text longer than the context begin; half the"
                    + " context if left out.",
            minimum = "1",
            nullable = true)
        @JsonProperty("stride")
        Integer stride,
    @Schema(
            description = "How many of the likeliest tokens to report at each place.",
            minimum = "0",
            defaultValue = "0")
        @JsonProperty("top_logprobs")
        Integer topLogprobs,
    @Schema(
            description = "Puts <|endoftext|> before the text, so that its first token is scored.",
            defaultValue = "false")
        @JsonProperty("add_bos")
        Boolean addBos,
    @Schema(
            description = "Sends progress while a long text is scored, as server-sent events.",
            defaultValue = "false")
        @JsonProperty("stream")
        Boolean stream,
    @Schema(description = "What the continuations follow.", nullable = true) @JsonProperty("prompt")
        String prompt,
    @Schema(description = "Texts to rank by how likely they follow.", nullable = true)
        @JsonProperty("continuations")
        List<String> continuations,
    @Schema(
            description = "Requests share cached prefixes only under the same salt.",
            nullable = true)
        @JsonProperty("cache_salt")
        String cacheSalt)
    implements JsonRequest {}
