package io.github.gpt2server.api.openai.generation;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.github.gpt2server.api.encoding.EncodingFormat;
import io.swagger.v3.oas.annotations.media.Schema;

/** The fields that say how texts are reported, as sent: each may be null. */
public record ReportFields(
    @Schema(
            description = "Whether to send tokens as they are generated, as server-sent events.",
            defaultValue = "false")
        @JsonProperty("stream")
        Boolean stream,
    @Schema(description = "Options of a streamed response.") @JsonProperty("stream_options")
        StreamOptions streamOptions,
    @Schema(
            description = "Whether choices include token_ids and prompt_token_ids.",
            defaultValue = "false")
        @JsonProperty("return_token_ids")
        Boolean returnTokenIds,
    @Schema(
            description =
                "Token ids whose log-probability is reported at every position; duplicates count"
                    + " once.",
            nullable = true)
        @JsonProperty("logprob_token_ids")
        int[] logprobTokenIds,
    @Schema(
            description = EncodingFormat.DESCRIPTION,
            allowableValues = {"float", "base64"},
            defaultValue = "float")
        @JsonProperty("encoding_format")
        String encodingFormat,
    @Schema(
            description =
                "Whether the answer, or the last chunk of a stream, reports where the time went.",
            defaultValue = "false")
        @JsonProperty("timings")
        Boolean timings) {}
