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
        "OpenAI's embedding request, with the extensions pooling, layer and normalize. Every field"
            + " except input is optional and may be null.")
public record EmbeddingRequest(
    @Schema(
            description = "The served model's id, the last part of the id, or an alias.",
            nullable = true)
        @JsonProperty("model")
        String model,
    @Schema(
            description =
                "The texts: a string, an array of up to 2048 strings, an array of token ids, or an"
                    + " array of such arrays. An empty text stands for <|endoftext|>.",
            oneOf = {String.class, String[].class, Integer[].class, Integer[][].class},
            requiredMode = Schema.RequiredMode.REQUIRED,
            example = "The king was very angry.")
        @JsonProperty("input")
        Prompt input,
    @Schema(
            description =
                "float returns vectors as arrays of numbers, base64 as the base64 encoding of"
                    + " little-endian float32 numbers.",
            allowableValues = {"float", "base64"},
            defaultValue = "float")
        @JsonProperty("encoding_format")
        String encodingFormat,
    @Schema(
            description = "Must be the model's width if set: vectors cannot be shortened.",
            nullable = true)
        @JsonProperty("dimensions")
        Integer dimensions,
    @Schema(description = "The end user's id; accepted but not used.", nullable = true)
        @JsonProperty("user")
        String user,
    @Schema(
            description =
                "How the vectors of a text's tokens are combined: mean averages them, last takes"
                    + " the last token's, none returns an array with one vector for each token.",
            allowableValues = {"mean", "last", "none"},
            defaultValue = "mean")
        @JsonProperty("pooling")
        String pooling,
    @Schema(
            description =
                "The layer whose vectors are returned: 0 is the sum of token and position"
                    + " embeddings, n the unnormalized output of the n-th block. If absent, the"
                    + " output of the final layer norm, from which the model predicts.",
            minimum = "0",
            nullable = true)
        @JsonProperty("layer")
        Integer layer,
    @Schema(
            description = "Whether every vector is scaled to length 1, like OpenAI's.",
            defaultValue = "true")
        @JsonProperty("normalize")
        Boolean normalize)
    implements JsonRequest {}
