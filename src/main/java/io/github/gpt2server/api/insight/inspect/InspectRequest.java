package io.github.gpt2server.api.insight.inspect;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.github.gpt2server.api.json.JsonRequest;
import io.github.gpt2server.api.limit.FieldSection;
import io.swagger.v3.oas.annotations.media.ArraySchema;
import io.swagger.v3.oas.annotations.media.Schema;
import java.util.List;
import tools.jackson.databind.JsonNode;

/** The body of {@code POST /v1/inspect}, as sent. */
@FieldSection("inspect")
@Schema(
    description =
        "What to look at inside the model. Give prompt or tokens. Layers are blocks and count from"
            + " 0, heads too, as papers write them (9.9).")
public record InspectRequest(
    @Schema(description = "The served model; may be left out.", nullable = true)
        @JsonProperty("model")
        String model,
    @Schema(
            description = "The text. An empty one stands for <|endoftext|>.",
            example = "Once upon a time, there was a")
        @JsonProperty("prompt")
        String prompt,
    @Schema(description = "The text as token ids instead.", nullable = true) @JsonProperty("tokens")
        int[] tokens,
    @Schema(
            description =
                "The token after which next, attribution and ablation are asked for; negative ones"
                    + " count from the end.",
            defaultValue = "-1")
        @JsonProperty("position")
        Integer position,
    @Schema(
            description = "How many of the likeliest tokens to report, wherever some are.",
            minimum = "0",
            defaultValue = "5")
        @JsonProperty("top_k")
        Integer topK,
    @Schema(
            description =
                "The layers that are reported and that \"each\" goes through; all if left out.",
            nullable = true)
        @JsonProperty("layers")
        List<Integer> layers,
    @Schema(
            description =
                "The heads whose attention is reported and that \"each\" goes through; all if left"
                    + " out.",
            nullable = true)
        @JsonProperty("heads")
        List<Integer> heads,
    @Schema(description = "Reports attention weights.", defaultValue = "false")
        @JsonProperty("attention")
        Boolean attention,
    @Schema(description = "Unembeds the embedding and each layer's output.", defaultValue = "false")
        @JsonProperty("logit_lens")
        Boolean logitLens,
    @Schema(
            description = "Reports the lengths of the residual stream's vectors.",
            defaultValue = "false")
        @JsonProperty("residual_norm")
        Boolean residualNorm,
    @ArraySchema(
            arraySchema =
                @Schema(
                    description = "Tokens of which more is reported, by their texts or ids.",
                    example = "[\" king\", 1076]",
                    nullable = true),
            schema = @Schema(oneOf = {String.class, Integer.class}))
        @JsonProperty("targets")
        List<JsonNode> targets,
    @Schema(
            description = "Takes the targets' logits apart into what each component adds.",
            defaultValue = "false")
        @JsonProperty("attribution")
        Boolean attribution,
    @Schema(
            description =
                "Heads whose outputs are set to zero at every position, all of them together, as"
                    + " {\"layer\", \"head\"}; or \"each\" for one after the other.",
            oneOf = {InspectResponse.Head[].class, String.class},
            nullable = true)
        @JsonProperty("ablate")
        JsonNode ablate)
    implements JsonRequest {}
