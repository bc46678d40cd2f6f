package io.github.gpt2server.api.insight.nexttoken;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.github.gpt2server.api.encoding.EncodingFormat;
import io.github.gpt2server.api.json.JsonRequest;
import io.github.gpt2server.api.limit.FieldSection;
import io.github.gpt2server.api.openai.generation.DrawFields;
import io.github.gpt2server.api.request.Prompt;
import io.swagger.v3.oas.annotations.media.Schema;
import java.util.List;

/** The body of {@code POST /v1/next-token}, as sent. */
@FieldSection("next-token")
@Schema(description = "Which next tokens to report. Send either prompt or tokens.")
public record NextTokenRequest(
    @Schema(
            description = "The served model's id, the last part of the id, or an alias.",
            nullable = true)
        @JsonProperty("model")
        String model,
    @Schema(
            description =
                "The text before the next token, or an array of texts for one result each. An empty"
                    + " text stands for <|endoftext|>.",
            oneOf = {String.class, String[].class},
            example = "Once upon a time, there was a")
        @JsonProperty("prompt")
        Prompt prompt,
    @Schema(description = "The prompt as token ids, instead of prompt.", nullable = true)
        @JsonProperty("tokens")
        int[] tokens,
    @Schema(
            description = "Number of most likely tokens to report, at most the whole vocabulary.",
            minimum = "0",
            defaultValue = "10",
            example = "5")
        @JsonProperty("top_k")
        Integer topK,
    @Schema(
            description =
                "Texts whose probability of coming next is reported; for a text of several tokens,"
                    + " the probability of the whole sequence.",
            example = "[\" king\", \" little girl\"]",
            nullable = true)
        @JsonProperty("candidates")
        List<String> candidates,
    @Schema(
            description = "Divides the logits; 1 yields the model's own distribution.",
            minimum = "0.000000001",
            maximum = "100",
            defaultValue = "1")
        @JsonProperty("temperature")
        Double temperature,
    @Schema(
            description =
                "Adds to each token and candidate the probability with which a completion with these"
                    + " fields would draw it next, and the filter that removes it.")
        @JsonProperty("sampling")
        DrawFields sampling,
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
