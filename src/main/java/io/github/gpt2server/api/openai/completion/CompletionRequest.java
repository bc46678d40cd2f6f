package io.github.gpt2server.api.openai.completion;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.github.gpt2server.api.json.JsonRequest;
import io.github.gpt2server.api.limit.FieldSection;
import io.github.gpt2server.api.request.Prompt;
import io.swagger.v3.oas.annotations.media.Schema;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/** The body of {@code POST /v1/completions}, as sent: every field may be null. */
@FieldSection("completions")
@Schema(
    description =
        "OpenAI's completion request, with extensions named as vLLM and llama.cpp name them. Every"
            + " field may be left out or null.")
public record CompletionRequest(
    @Schema(
            description = "The served model, its last part or an alias; the served one if absent.",
            nullable = true)
        @JsonProperty("model")
        String model,
    @Schema(
            description =
                "The text to continue: a string, an array of strings, an array of token ids or an"
                    + " array of such arrays. Empty or absent stands for <|endoftext|>.",
            oneOf = {String.class, String[].class, Integer[].class, Integer[][].class},
            example = "Once upon a time")
        @JsonProperty("prompt")
        Prompt prompt,
    @Schema(description = "Not supported: GPT-2 cannot fill in.", nullable = true)
        @JsonProperty("suffix")
        String suffix,
    @Schema(
            description =
                "The largest number of tokens to generate; prompt and output must fit the context,"
                    + " unless the server clamps them (gpt2.clamp-max-tokens), where -1 asks for"
                    + " all that fits. The default is the server's gpt2.default-max-tokens.",
            minimum = "-1",
            defaultValue = "16",
            example = "32")
        @JsonProperty("max_tokens")
        Integer maxTokens,
    @Schema(
            description =
                "0 takes the likeliest token each time, as does every value below 0.000000001;"
                    + " higher is more surprising.",
            minimum = "0",
            maximum = "2",
            defaultValue = "1",
            example = "0.8")
        @JsonProperty("temperature")
        Double temperature,
    @Schema(
            description = "Keep the likeliest tokens whose probabilities reach this (nucleus).",
            minimum = "0",
            maximum = "1",
            defaultValue = "1")
        @JsonProperty("top_p")
        Double topP,
    @Schema(description = "Choices for each prompt.", minimum = "1", defaultValue = "1")
        @JsonProperty("n")
        Integer n,
    @Schema(
            description =
                "Generates so many for each prompt and returns the n likeliest per token; not with stream.",
            minimum = "1",
            nullable = true)
        @JsonProperty("best_of")
        Integer bestOf,
    @Schema(
            description = "Whether to send tokens as they come, as server-sent events.",
            defaultValue = "false")
        @JsonProperty("stream")
        Boolean stream,
    @Schema(description = "Options of a streamed answer.") @JsonProperty("stream_options")
        StreamOptions streamOptions,
    @Schema(
            description =
                "How many of the likeliest tokens are reported at each place, beside the one that stands there; 0 is that one alone.",
            nullable = true)
        @JsonProperty("logprobs")
        Integer logprobs,
    @Schema(
            description = "Begins each choice with its prompt; with logprobs that is scored too.",
            defaultValue = "false")
        @JsonProperty("echo")
        Boolean echo,
    @Schema(
            description = "A string, or up to 16, before which the text ends.",
            oneOf = {String.class, String[].class},
            example = "[\"\\n\\n\"]")
        @JsonProperty("stop")
        JsonNode stop,
    @Schema(
            description =
                "Makes sampling repeatable: a prompt's choices depend on the seed and on nothing"
                    + " else in the request. Any 64-bit integer but -1. If it is absent, null or"
                    + " -1, every choice of every prompt is drawn by itself.",
            nullable = true,
            example = "7")
        @JsonProperty("seed")
        Long seed,
    @Schema(
            description = "Subtracted from the logit of every token generated already.",
            minimum = "-2",
            maximum = "2",
            defaultValue = "0")
        @JsonProperty("presence_penalty")
        Double presencePenalty,
    @Schema(
            description = "Subtracted from a token's logit for each time it was generated.",
            minimum = "-2",
            maximum = "2",
            defaultValue = "0")
        @JsonProperty("frequency_penalty")
        Double frequencyPenalty,
    @Schema(
            description = "Token ids (as strings) to what is added to their logits, -100 to 100.",
            nullable = true)
        @JsonProperty("logit_bias")
        Map<String, Double> logitBias,
    @Schema(description = "Who asks; not used.", nullable = true) @JsonProperty("user") String user,
    @Schema(
            description = "Keep the so many likeliest tokens; 0 or -1 keeps all.",
            minimum = "-1",
            defaultValue = "0")
        @JsonProperty("top_k")
        Integer topK,
    @Schema(
            description = "Drop tokens less likely than this times the likeliest.",
            minimum = "0",
            maximum = "1",
            defaultValue = "0")
        @JsonProperty("min_p")
        Double minP,
    @Schema(
            description = "Keep the tokens of most typical surprise until they reach this.",
            minimum = "0",
            maximum = "1",
            defaultValue = "1")
        @JsonProperty("typical_p")
        Double typicalP,
    @Schema(
            description =
                "Makes tokens of prompt and output less likely (above 1) or more (below).",
            minimum = "0.01",
            maximum = "100",
            defaultValue = "1")
        @JsonProperty("repetition_penalty")
        Double repetitionPenalty,
    @Schema(
            description =
                "The number of most recent tokens, of prompt and output, that repetition_penalty"
                    + " is for; 0 or -1 counts all.",
            minimum = "-1",
            defaultValue = "0")
        @JsonProperty("repetition_penalty_range")
        Integer repetitionPenaltyRange,
    @Schema(
            description = "Whether repetition_penalty is for the line break's token too.",
            defaultValue = "true")
        @JsonProperty("penalize_nl")
        Boolean penalizeNl,
    @Schema(
            description = "No stop token is possible before so many tokens.",
            minimum = "0",
            defaultValue = "0")
        @JsonProperty("min_tokens")
        Integer minTokens,
    @Schema(description = "Whether to go on after <|endoftext|>.", defaultValue = "false")
        @JsonProperty("ignore_eos")
        Boolean ignoreEos,
    @Schema(description = "More tokens that end the text.", nullable = true)
        @JsonProperty("stop_token_ids")
        int[] stopTokenIds,
    @Schema(
            description =
                "Whether the text ends after the stop string, or the token of stop_token_ids,"
                    + " instead of before it.",
            defaultValue = "false")
        @JsonProperty("include_stop_str_in_output")
        Boolean includeStopStrInOutput,
    @Schema(
            description = "Whether choices have token_ids and prompt_token_ids.",
            defaultValue = "false")
        @JsonProperty("return_token_ids")
        Boolean returnTokenIds,
    @Schema(
            description =
                "Token ids whose log-probability is reported at every place; one that is given"
                    + " again counts once.",
            nullable = true)
        @JsonProperty("logprob_token_ids")
        int[] logprobTokenIds,
    @Schema(
            description = "Keep the last so many tokens of the prompt; -1 keeps what fits.",
            minimum = "-1",
            nullable = true)
        @JsonProperty("truncate_prompt_tokens")
        Integer truncatePromptTokens,
    @Schema(
            description =
                "Whether a prompt that is a text gets the tokens that the tokenizer's files put"
                    + " around one, such as bos_token; GPT-2's own tokenizer has none.",
            defaultValue = "true")
        @JsonProperty("add_special_tokens")
        Boolean addSpecialTokens,
    @Schema(
            description = "Requests share cached prefixes only under the same salt.",
            nullable = true)
        @JsonProperty("cache_salt")
        String cacheSalt)
    implements JsonRequest {

  /** Options of a streamed answer. */
  @FieldSection("stream-options")
  @Schema(name = "StreamOptions")
  public record StreamOptions(
      @Schema(description = "Whether a last chunk reports the usage.", defaultValue = "false")
          @JsonProperty("include_usage")
          Boolean includeUsage,
      @Schema(
              description =
                  "Whether, with include_usage, every chunk reports the usage so far instead of null.",
              defaultValue = "false")
          @JsonProperty("continuous_usage_stats")
          Boolean continuousUsageStats) {}
}
