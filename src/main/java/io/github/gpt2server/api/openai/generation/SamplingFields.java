package io.github.gpt2server.api.openai.generation;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.swagger.v3.oas.annotations.media.Schema;
import java.util.Map;

/** The fields that say how a token is drawn, as sent: each may be null. */
public record SamplingFields(
    @Schema(
            description =
                "Sampling temperature: higher values make the text more random. 0 always takes the"
                    + " most likely token, as does any value below 0.000000001.",
            minimum = "0",
            maximum = "2",
            defaultValue = "1",
            example = "0.8")
        @JsonProperty("temperature")
        Double temperature,
    @Schema(
            description =
                "Nucleus sampling: keeps only the most likely tokens whose probabilities add up to"
                    + " this value.",
            minimum = "0",
            maximum = "1",
            defaultValue = "1")
        @JsonProperty("top_p")
        Double topP,
    @Schema(
            description =
                "Subtracted from the logit of each token that has already been generated.",
            minimum = "-2",
            maximum = "2",
            defaultValue = "0")
        @JsonProperty("presence_penalty")
        Double presencePenalty,
    @Schema(
            description = "Subtracted from a token's logit for each time it has been generated.",
            minimum = "-2",
            maximum = "2",
            defaultValue = "0")
        @JsonProperty("frequency_penalty")
        Double frequencyPenalty,
    @Schema(
            description =
                "Maps token ids (as strings) to a bias between -100 and 100 that is added to their"
                    + " logits.",
            nullable = true)
        @JsonProperty("logit_bias")
        Map<String, Double> logitBias,
    @Schema(
            description = "Keeps only the k most likely tokens; 0 or -1 keeps all.",
            minimum = "-1",
            defaultValue = "0")
        @JsonProperty("top_k")
        Integer topK,
    @Schema(
            description =
                "Removes tokens less likely than this fraction of the most likely token's"
                    + " probability.",
            minimum = "0",
            maximum = "1",
            defaultValue = "0")
        @JsonProperty("min_p")
        Double minP,
    @Schema(
            description =
                "Locally typical sampling: keeps only the tokens whose surprisal is closest to the"
                    + " entropy and whose probabilities add up to this value.",
            minimum = "0",
            maximum = "1",
            defaultValue = "1")
        @JsonProperty("typical_p")
        Double typicalP,
    @Schema(
            description =
                "Makes tokens that occur in prompt or output less likely (above 1) or more likely"
                    + " (below 1).",
            minimum = "0.01",
            maximum = "100",
            defaultValue = "1")
        @JsonProperty("repetition_penalty")
        Double repetitionPenalty,
    @Schema(
            description =
                "Number of most recent tokens of prompt and output that repetition_penalty"
                    + " considers; 0 or -1 considers all.",
            minimum = "-1",
            defaultValue = "0")
        @JsonProperty("repetition_penalty_range")
        Integer repetitionPenaltyRange,
    @Schema(
            description = "Whether repetition_penalty applies to the line break's token.",
            defaultValue = "true")
        @JsonProperty("penalize_nl")
        Boolean penalizeNl) {}
