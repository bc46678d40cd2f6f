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
        "Which of the model's internals to report. Send either prompt or tokens. Layers (blocks) and"
            + " heads are numbered from 0, as in papers: head 9.9 is head 9 of layer 9.")
public record InspectRequest(
    @Schema(
            description = "The served model's id, the last part of the id, or an alias.",
            nullable = true)
        @JsonProperty("model")
        String model,
    @Schema(
            description = "The text. An empty text stands for <|endoftext|>.",
            example = "Once upon a time, there was a")
        @JsonProperty("prompt")
        String prompt,
    @Schema(description = "The text as token ids, instead of prompt.", nullable = true)
        @JsonProperty("tokens")
        int[] tokens,
    @Schema(
            description =
                "The position after which next, attribution and ablation are computed; negative"
                    + " positions count from the end.",
            defaultValue = "-1")
        @JsonProperty("position")
        Integer position,
    @Schema(
            description =
                "Number of most likely tokens to report in next, in the logit lens and in ablation.",
            minimum = "0",
            defaultValue = "5")
        @JsonProperty("top_k")
        Integer topK,
    @Schema(
            description = "The layers to report, and to ablate with \"each\"; all by default.",
            nullable = true)
        @JsonProperty("layers")
        List<Integer> layers,
    @Schema(
            description =
                "The heads whose attention to report, and to ablate with \"each\"; all by"
                    + " default.",
            nullable = true)
        @JsonProperty("heads")
        List<Integer> heads,
    @Schema(description = "Whether to report attention weights.", defaultValue = "false")
        @JsonProperty("attention")
        Boolean attention,
    @Schema(
            description =
                "Whether to report the next-token predictions of the embedding and of each layer's"
                    + " output.",
            defaultValue = "false")
        @JsonProperty("logit_lens")
        Boolean logitLens,
    @Schema(
            description = "Whether to report the norms of the residual stream's vectors.",
            defaultValue = "false")
        @JsonProperty("residual_norm")
        Boolean residualNorm,
    @ArraySchema(
            arraySchema =
                @Schema(
                    description = "Tokens to report in detail, by their texts or ids.",
                    example = "[\" king\", 1076]",
                    nullable = true),
            schema = @Schema(oneOf = {String.class, Integer.class}))
        @JsonProperty("targets")
        List<JsonNode> targets,
    @Schema(
            description =
                "Whether to report the contribution of each component to the targets' logits.",
            defaultValue = "false")
        @JsonProperty("attribution")
        Boolean attribution,
    @Schema(
            description =
                "Heads, as objects with layer and head, whose outputs are set to zero at every"
                    + " position, all at once; or \"each\" to ablate each head by itself.",
            oneOf = {InspectResponse.Head[].class, String.class},
            nullable = true)
        @JsonProperty("ablate")
        JsonNode ablate)
    implements JsonRequest {}
