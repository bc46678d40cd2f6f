package io.github.gpt2server.api.openai.generation;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.swagger.v3.oas.annotations.media.Schema;
import tools.jackson.databind.JsonNode;

/** The fields of beam search and of contrastive search, as sent: each may be null. */
public record SearchFields(
    @Schema(
            description =
                "Whether to search for the most likely texts with beams instead of sampling. n is the"
                    + " number of beams, all of which are returned, best first; best_of can be a"
                    + " larger number of beams. Cannot be streamed. Penalties, logit_bias and excluded"
                    + " tokens edit the log-probabilities of each token; what decides how tokens are"
                    + " drawn is refused.",
            defaultValue = "false")
        @JsonProperty("use_beam_search")
        Boolean useBeamSearch,
    @Schema(
            description =
                "Beam search alone: texts are compared by the sum of their log-probabilities divided"
                    + " by their number of tokens to the power of this. Larger values favour longer"
                    + " texts.",
            minimum = "-10",
            maximum = "10",
            defaultValue = "1")
        @JsonProperty("length_penalty")
        Double lengthPenalty,
    @Schema(
            description =
                "Beam search alone, as in Hugging Face transformers: true ends the search once as"
                    + " many texts are complete as there are beams; false when, in addition, no beam"
                    + " would be better if it ended now; \"never\" when none can become better. The"
                    + " default is false.",
            oneOf = {Boolean.class, String.class})
        @JsonProperty("early_stopping")
        JsonNode earlyStopping,
    @Schema(
            description =
                "Contrastive search, if above 0: of the top_k likeliest tokens the next one is that of"
                    + " the highest (1 - penalty_alpha) * probability - penalty_alpha * similarity,"
                    + " which is the largest cosine of its hidden state and those of all earlier"
                    + " tokens. n must be 1. Penalties, logit_bias and excluded tokens edit the logits"
                    + " first.",
            minimum = "0",
            maximum = "1",
            defaultValue = "0")
        @JsonProperty("penalty_alpha")
        Double penaltyAlpha) {}
