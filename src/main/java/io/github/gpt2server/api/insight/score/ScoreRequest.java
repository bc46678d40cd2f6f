package io.github.gpt2server.api.insight.score;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.github.gpt2server.api.encoding.EncodingFormat;
import io.github.gpt2server.api.json.JsonRequest;
import io.github.gpt2server.api.limit.FieldSection;
import io.swagger.v3.oas.annotations.media.Schema;
import java.util.List;
import tools.jackson.databind.JsonNode;

/** The body of {@code POST /v1/score}, as sent. */
@FieldSection("score")
@Schema(description = "What to score. Send either text, or prompt with continuations.")
public record ScoreRequest(
    @Schema(
            description = "The served model's id, the last part of the id, or an alias.",
            nullable = true)
        @JsonProperty("model")
        String model,
    @Schema(
            description = "A text of any length, or an array of texts for one result each.",
            oneOf = {String.class, String[].class},
            example = "Once upon a time, there was a king.")
        @JsonProperty("text")
        JsonNode text,
    @Schema(
            description =
                "Number of tokens between the starts of two windows over a text longer than the"
                    + " context; half of the context by default.",
            minimum = "1",
            nullable = true)
        @JsonProperty("stride")
        Integer stride,
    @Schema(
            description = "Number of most likely tokens to report at each position.",
            minimum = "0",
            defaultValue = "0")
        @JsonProperty("top_logprobs")
        Integer topLogprobs,
    @Schema(
            description =
                "Whether to put <|endoftext|> before the text, so that its first token is scored.",
            defaultValue = "false")
        @JsonProperty("add_bos")
        Boolean addBos,
    @Schema(
            description =
                "Whether to send progress and result as server-sent events, for long texts.",
            defaultValue = "false")
        @JsonProperty("stream")
        Boolean stream,
    @Schema(description = "The text that the continuations follow.", nullable = true)
        @JsonProperty("prompt")
        String prompt,
    @Schema(description = "Texts to rank by their likelihood after prompt.", nullable = true)
        @JsonProperty("continuations")
        List<String> continuations,
    @Schema(
            description = EncodingFormat.DESCRIPTION,
            allowableValues = {"float", "base64"},
            defaultValue = "float")
        @JsonProperty("encoding_format")
        String encodingFormat,
    @Schema(
            description = "Requests share cached prefixes only with requests of the same salt.",
            nullable = true)
        @JsonProperty("cache_salt")
        String cacheSalt)
    implements JsonRequest {}
