package io.github.gpt2server.api.openai.chat;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.github.gpt2server.api.json.JsonRequest;
import io.github.gpt2server.api.limit.FieldSection;
import io.github.gpt2server.api.openai.generation.GenerationFields;
import io.github.gpt2server.api.openai.generation.StreamOptions;
import io.github.gpt2server.api.openai.structured.ResponseFormat;
import io.github.gpt2server.api.openai.structured.StructuredOutputs;
import io.swagger.v3.oas.annotations.media.Schema;
import java.util.List;
import java.util.Map;
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
    @Schema(description = "Number of answers.", minimum = "1", defaultValue = "1")
        @JsonProperty("n")
        Integer n,
    @Schema(
            description = "Whether to send tokens as they are generated, as server-sent events.",
            defaultValue = "false")
        @JsonProperty("stream")
        Boolean stream,
    @Schema(description = "Options of a streamed response.") @JsonProperty("stream_options")
        StreamOptions streamOptions,
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
            description = "One string, or up to 16 strings, before which the text ends.",
            oneOf = {String.class, String[].class},
            example = "[\"\\n\\n\"]")
        @JsonProperty("stop")
        JsonNode stop,
    @Schema(
            description =
                "Makes sampling reproducible: the choices depend on the seed, the prompt and the"
                    + " sampling fields. Any 64-bit integer except -1. If absent, null or -1, every"
                    + " choice has a random seed.",
            nullable = true,
            example = "7")
        @JsonProperty("seed")
        Long seed,
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
    @Schema(description = "The end user's id; accepted but not used.", nullable = true)
        @JsonProperty("user")
        String user,
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
        Boolean penalizeNl,
    @Schema(
            description = "Minimum number of tokens to generate before a stop token is allowed.",
            minimum = "0",
            defaultValue = "0")
        @JsonProperty("min_tokens")
        Integer minTokens,
    @Schema(description = "Whether to continue after <|endoftext|>.", defaultValue = "false")
        @JsonProperty("ignore_eos")
        Boolean ignoreEos,
    @Schema(description = "Ids of further tokens that end the text.", nullable = true)
        @JsonProperty("stop_token_ids")
        int[] stopTokenIds,
    @Schema(
            description =
                "Whether the text includes the stop string, or the token of stop_token_ids, that"
                    + " ended it.",
            defaultValue = "false")
        @JsonProperty("include_stop_str_in_output")
        Boolean includeStopStrInOutput,
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
    @Schema(description = "The form that the text must have.", nullable = true)
        @JsonProperty("structured_outputs")
        StructuredOutputs structuredOutputs,
    @Schema(
            description = "OpenAI's way to ask for JSON; another way to write structured_outputs.",
            nullable = true)
        @JsonProperty("response_format")
        ResponseFormat responseFormat,
    @Schema(
            description = "A JSON Schema, llama.cpp's way to write structured_outputs.json.",
            types = {"object", "boolean", "string", "null"})
        @JsonProperty("json_schema")
        JsonNode jsonSchema,
    @Schema(
            description = "vLLM's earlier way to write structured_outputs.json.",
            types = {"object", "boolean", "string", "null"})
        @JsonProperty("guided_json")
        JsonNode guidedJson,
    @Schema(description = "vLLM's earlier way to write structured_outputs.regex.", nullable = true)
        @JsonProperty("guided_regex")
        String guidedRegex,
    @Schema(description = "vLLM's earlier way to write structured_outputs.choice.", nullable = true)
        @JsonProperty("guided_choice")
        List<String> guidedChoice,
    @Schema(
            description =
                "Whether choices include structured_mass: how much of the model's probability the"
                    + " form of the text allows.",
            defaultValue = "false")
        @JsonProperty("return_structured_mass")
        Boolean returnStructuredMass,
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
        JsonNode chatTemplateKwargs)
    implements JsonRequest, GenerationFields {}
