package io.github.gpt2server.api.openai.embedding;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.github.gpt2server.api.json.JsonRequest;
import io.github.gpt2server.api.limit.FieldSection;
import io.github.gpt2server.api.request.Prompt;
import io.swagger.v3.oas.annotations.media.Schema;

/** The body of {@code POST /v1/embeddings}, as sent: every field may be null. */
@FieldSection("embeddings")
@Schema(
    description =
        "OpenAI's embedding request, with extensions: pooling, layer, normalize. Every field but"
            + " input may be left out or null.")
public record EmbeddingRequest(
    @Schema(
            description = "The served model, its last part or an alias; the served one if absent.",
            nullable = true)
        @JsonProperty("model")
        String model,
    @Schema(
            description =
                "The texts: a string, an array of up to 2048 strings, an array of token ids or an"
                    + " array of such arrays. An empty text stands for <|endoftext|>.",
            oneOf = {String.class, String[].class, Integer[].class, Integer[][].class},
            requiredMode = Schema.RequiredMode.REQUIRED,
            example = "The king was very angry.")
        @JsonProperty("input")
        Prompt input,
    @Schema(
            description =
                "float writes vectors as arrays of numbers; base64 as the base64 of their float32"
                    + " numbers, little-endian.",
            allowableValues = {"float", "base64"},
            defaultValue = "float")
        @JsonProperty("encoding_format")
        String encodingFormat,
    @Schema(
            description = "The model's width is the only one that can be asked for.",
            nullable = true)
        @JsonProperty("dimensions")
        Integer dimensions,
    @Schema(description = "Accepted and not used.", nullable = true) @JsonProperty("user")
        String user,
    @Schema(
            description =
                "How the vectors of a text's tokens become the text's: mean averages them, last"
                    + " takes that of the last token, none leaves one for each token, in an array.",
            allowableValues = {"mean", "last", "none"},
            defaultValue = "mean")
        @JsonProperty("pooling")
        String pooling,
    @Schema(
            description =
                "Where the vectors are taken: 0 is the sum of token and position embedding, n the"
                    + " output of the n-th block as it is. If absent, the output of the last block"
                    + " after the last layer norm, which is what the model predicts from.",
            minimum = "0",
            nullable = true)
        @JsonProperty("layer")
        Integer layer,
    @Schema(
            description = "Whether every vector is scaled to length 1, as OpenAI's are.",
            defaultValue = "true")
        @JsonProperty("normalize")
        Boolean normalize)
    implements JsonRequest {}
