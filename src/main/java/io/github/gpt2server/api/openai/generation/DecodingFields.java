package io.github.gpt2server.api.openai.generation;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.swagger.v3.oas.annotations.media.Schema;
import java.util.List;
import tools.jackson.databind.JsonNode;

/** Further fields that say which tokens may be drawn, as sent: each may be null. */
public record DecodingFields(
    @Schema(
            description = "Ids of the only tokens that may be generated, at least one.",
            nullable = true)
        @JsonProperty("allowed_token_ids")
        int[] allowedTokenIds,
    @Schema(
            description =
                "Words that may not be generated, as they are or after a space: the last token of a"
                    + " word is excluded where the tokens generated before it are the rest of the"
                    + " word.",
            nullable = true)
        @JsonProperty("bad_words")
        List<String> badWords,
    @Schema(
            description =
                "Excludes tokens that would repeat a sequence of this number of tokens of prompt and"
                    + " output; 0 excludes none.",
            minimum = "0",
            defaultValue = "0")
        @JsonProperty("no_repeat_ngram_size")
        Integer noRepeatNgramSize,
    @Schema(
            description =
                "DRY: subtracts dry_multiplier * dry_base ^ (n - dry_allowed_length) from the logit"
                    + " of a token that would continue a repetition of n tokens, if n is at least"
                    + " dry_allowed_length; 0 subtracts nothing.",
            minimum = "0",
            maximum = "100",
            defaultValue = "0")
        @JsonProperty("dry_multiplier")
        Double dryMultiplier,
    @Schema(
            description = "The base of DRY's penalty.",
            minimum = "1",
            maximum = "100",
            defaultValue = "1.75")
        @JsonProperty("dry_base")
        Double dryBase,
    @Schema(
            description = "Length of the shortest repetition whose continuation DRY penalises.",
            minimum = "0",
            defaultValue = "2")
        @JsonProperty("dry_allowed_length")
        Integer dryAllowedLength,
    @Schema(
            description =
                "Number of most recent tokens of prompt and output that DRY searches; -1 searches"
                    + " all, 0 turns DRY off.",
            minimum = "-1",
            defaultValue = "-1")
        @JsonProperty("dry_penalty_last_n")
        Integer dryPenaltyLastN,
    @Schema(
            description =
                "Strings across which DRY finds no repetition: an array, or the JSON of one as a"
                    + " string. The default is a line break, a colon, a quotation mark and an"
                    + " asterisk.",
            oneOf = {String.class, String[].class})
        @JsonProperty("dry_sequence_breakers")
        JsonNode drySequenceBreakers,
    @Schema(
            description =
                "XTC: the probability with which, at a token, all candidates of at least"
                    + " xtc_threshold but the least likely of them are removed; 0 removes none.",
            minimum = "0",
            maximum = "1",
            defaultValue = "0")
        @JsonProperty("xtc_probability")
        Double xtcProbability,
    @Schema(
            description =
                "XTC: the least probability of a candidate that may be removed; above 0.5 none is.",
            minimum = "0",
            maximum = "1",
            defaultValue = "0.1")
        @JsonProperty("xtc_threshold")
        Double xtcThreshold,
    @Schema(
            description =
                "Mirostat: keeps the surprise of the tokens near mirostat_tau. 1 is the paper's"
                    + " algorithm, 2 its simpler successor, 0 turns it off. Takes the place of top_k,"
                    + " top_p, min_p, typical_p and XTC.",
            minimum = "0",
            maximum = "2",
            defaultValue = "0")
        @JsonProperty("mirostat")
        Integer mirostat,
    @Schema(
            description = "The surprise that mirostat aims at, in bits.",
            minimum = "0",
            maximum = "100",
            defaultValue = "5")
        @JsonProperty("mirostat_tau")
        Double mirostatTau,
    @Schema(
            description = "Mirostat's learning rate.",
            minimum = "0",
            maximum = "1",
            defaultValue = "0.1")
        @JsonProperty("mirostat_eta")
        Double mirostatEta) {}
