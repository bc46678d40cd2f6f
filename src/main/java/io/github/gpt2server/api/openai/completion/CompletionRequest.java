package io.github.gpt2server.api.openai.completion;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.github.gpt2server.api.json.JsonRequest;
import io.github.gpt2server.api.limit.FieldSection;
import io.github.gpt2server.api.openai.generation.DecodingFields;
import io.github.gpt2server.api.openai.generation.GenerationFields;
import io.github.gpt2server.api.openai.generation.ReportFields;
import io.github.gpt2server.api.openai.generation.SamplingFields;
import io.github.gpt2server.api.openai.generation.SearchFields;
import io.github.gpt2server.api.openai.generation.StoppingFields;
import io.github.gpt2server.api.openai.structured.StructuredFields;
import io.github.gpt2server.api.request.Prompt;
import io.swagger.v3.oas.annotations.media.Schema;

/** The body of {@code POST /v1/completions}, as sent: every field may be null. */
@FieldSection("completions")
@Schema(
    description =
        "OpenAI's completion request, with extensions named as in vLLM and llama.cpp. Every field is"
            + " optional and may be null.")
public record CompletionRequest(
    @Schema(
            description = "The served model's id, the last part of the id, or an alias.",
            nullable = true)
        @JsonProperty("model")
        String model,
    @Schema(
            description =
                "The text to continue: a string, an array of strings, an array of token ids, or an"
                    + " array of such arrays. An empty or absent prompt stands for <|endoftext|>.",
            oneOf = {String.class, String[].class, Integer[].class, Integer[][].class},
            example = "Once upon a time")
        @JsonProperty("prompt")
        Prompt prompt,
    @Schema(
            description = "Not supported: GPT-2 cannot insert text before a suffix.",
            nullable = true)
        @JsonProperty("suffix")
        String suffix,
    @Schema(
            description =
                "Maximum number of tokens to generate. Prompt and output must fit into the context,"
                    + " unless the server clamps this number (gpt2.clamp-max-tokens); then -1"
                    + " requests as many tokens as fit. The default is the server's"
                    + " gpt2.default-max-tokens.",
            minimum = "-1",
            defaultValue = "16",
            example = "32")
        @JsonProperty("max_tokens")
        Integer maxTokens,
    @Schema(description = "Number of choices for each prompt.", minimum = "1", defaultValue = "1")
        @JsonProperty("n")
        Integer n,
    @Schema(
            description =
                "Number of choices to generate for each prompt, of which the n with the highest"
                    + " log-probability per token are returned; with use_beam_search, the number of"
                    + " beams. Cannot be streamed.",
            minimum = "1",
            nullable = true)
        @JsonProperty("best_of")
        Integer bestOf,
    @Schema(
            description =
                "Number of most likely tokens to report at each position, besides the token of the"
                    + " text itself; 0 reports that token alone.",
            nullable = true)
        @JsonProperty("logprobs")
        Integer logprobs,
    @Schema(
            description =
                "Whether each choice begins with its prompt, scored as well if logprobs is set.",
            defaultValue = "false")
        @JsonProperty("echo")
        Boolean echo,
    @Schema(
            description =
                "Makes sampling reproducible: the choices of a prompt depend on the seed and the"
                    + " sampling fields, not on the request's other prompts. Any 64-bit integer"
                    + " except -1. If absent, null or -1, every choice has a random seed.",
            nullable = true,
            example = "7")
        @JsonProperty("seed")
        Long seed,
    @Schema(description = "The end user's id; accepted but not used.", nullable = true)
        @JsonProperty("user")
        String user,
    @Schema(
            description =
                "Keeps only this number of tokens at the end of the prompt; -1 keeps as many as fit.",
            minimum = "-1",
            nullable = true)
        @JsonProperty("truncate_prompt_tokens")
        Integer truncatePromptTokens,
    @Schema(
            description =
                "Whether a text prompt gets the special tokens that the tokenizer's files put around"
                    + " a text, such as bos_token; GPT-2's own tokenizer adds none.",
            defaultValue = "true")
        @JsonProperty("add_special_tokens")
        Boolean addSpecialTokens,
    @Schema(
            description = "Requests share cached prefixes only with requests of the same salt.",
            nullable = true)
        @JsonProperty("cache_salt")
        String cacheSalt,
    @Schema(description = GenerationFields.TOKEN_HEALING, defaultValue = "false")
        @JsonProperty("token_healing")
        Boolean tokenHealing,
    @JsonUnwrapped SearchFields search,
    @JsonUnwrapped SamplingFields sampling,
    @JsonUnwrapped DecodingFields decoding,
    @JsonUnwrapped StoppingFields stopping,
    @JsonUnwrapped ReportFields report,
    @JsonUnwrapped StructuredFields structured)
    implements JsonRequest, GenerationFields {}
