package io.github.gpt2server.api.openai.chat;

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
import io.swagger.v3.oas.annotations.media.Schema;
import java.util.List;
import tools.jackson.databind.JsonNode;

/** The body of {@code POST /v1/chat/completions}, as sent: every field may be null. */
@FieldSection("chat")
@Schema(
    description =
        "OpenAI's chat request, with extensions named as in vLLM. Every field but messages is"
            + " optional and may be null.")
public record ChatRequest(
    @Schema(
            description = "The served model's id, the last part of the id, or an alias.",
            nullable = true)
        @JsonProperty("model")
        String model,
    @Schema(
            description = "The conversation, oldest message first; the template decides on roles.",
            requiredMode = Schema.RequiredMode.REQUIRED)
        @JsonProperty("messages")
        List<ChatMessage> messages,
    @Schema(
            description =
                "Maximum number of tokens to generate. Prompt and output must fit into the context,"
                    + " unless the server clamps this number (gpt2.clamp-max-tokens). If absent, an"
                    + " answer may fill the rest of the context.",
            minimum = "-1",
            nullable = true,
            example = "32")
        @JsonProperty("max_tokens")
        Integer maxTokens,
    @Schema(description = "OpenAI's newer name of max_tokens.", minimum = "-1", nullable = true)
        @JsonProperty("max_completion_tokens")
        Integer maxCompletionTokens,
    @Schema(description = "Number of answers.", minimum = "1", defaultValue = "1")
        @JsonProperty("n")
        Integer n,
    @Schema(
            description = "Whether choices include the log-probability of each token.",
            defaultValue = "false")
        @JsonProperty("logprobs")
        Boolean logprobs,
    @Schema(
            description =
                "Number of most likely tokens to report at each position; requires logprobs.",
            minimum = "0",
            nullable = true)
        @JsonProperty("top_logprobs")
        Integer topLogprobs,
    @Schema(
            description =
                "Whether an answer begins with the content of the last message, if that has the"
                    + " answer's role.",
            defaultValue = "false")
        @JsonProperty("echo")
        Boolean echo,
    @Schema(
            description =
                "Makes sampling reproducible: the choices depend on the seed, the prompt and the"
                    + " sampling fields. Any 64-bit integer except -1. If absent, null or -1, every"
                    + " choice has a random seed.",
            nullable = true,
            example = "7")
        @JsonProperty("seed")
        Long seed,
    @Schema(description = "The end user's id; accepted but not used.", nullable = true)
        @JsonProperty("user")
        String user,
    @Schema(
            description =
                "Keeps only this number of tokens at the end of the rendered prompt; -1 keeps as many as fit.",
            minimum = "-1",
            nullable = true)
        @JsonProperty("truncate_prompt_tokens")
        Integer truncatePromptTokens,
    @Schema(
            description =
                "Whether the rendered prompt gets the special tokens that the tokenizer's files put"
                    + " around a text, besides those that the template writes.",
            defaultValue = "false")
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
    @Schema(
            description =
                "Whether the template writes the beginning of the assistant's answer. The default is"
                    + " true, or false with continue_final_message.",
            nullable = true)
        @JsonProperty("add_generation_prompt")
        Boolean addGenerationPrompt,
    @Schema(
            description =
                "Whether the prompt ends with the last message's content, which the model then"
                    + " continues.",
            defaultValue = "false")
        @JsonProperty("continue_final_message")
        Boolean continueFinalMessage,
    @Schema(
            description =
                "A chat template in Jinja, used in place of the model's; requires the server's"
                    + " gpt2.trust-request-chat-template.",
            nullable = true)
        @JsonProperty("chat_template")
        String chatTemplate,
    @Schema(
            description = "An object whose fields are further variables of the template.",
            types = {"object", "null"})
        @JsonProperty("chat_template_kwargs")
        JsonNode chatTemplateKwargs,
    @JsonUnwrapped SamplingFields sampling,
    @JsonUnwrapped DecodingFields decoding,
    @JsonUnwrapped StoppingFields stopping,
    @JsonUnwrapped ReportFields report,
    @JsonUnwrapped StructuredFields structured)
    implements JsonRequest, GenerationFields {}
