package io.github.gpt2server.api.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.github.gpt2server.api.insight.inspect.InspectRequest;
import io.github.gpt2server.api.insight.nexttoken.NextTokenRequest;
import io.github.gpt2server.api.insight.score.ScoreRequest;
import io.github.gpt2server.api.insight.similar.MostSimilarRequest;
import io.github.gpt2server.api.insight.tokenize.DetokenizeRequest;
import io.github.gpt2server.api.insight.tokenize.TokenizeRequest;
import io.github.gpt2server.api.insight.tokenize.VllmTokenizeRequest;
import io.github.gpt2server.api.limit.FieldSection;
import io.github.gpt2server.api.openai.chat.ChatMessage;
import io.github.gpt2server.api.openai.chat.ChatRequest;
import io.github.gpt2server.api.openai.completion.CompletionRequest;
import io.github.gpt2server.api.openai.embedding.EmbeddingRequest;
import io.github.gpt2server.api.openai.generation.DrawFields;
import io.github.gpt2server.api.openai.generation.StreamOptions;
import io.github.gpt2server.api.openai.structured.ResponseFormat;
import io.github.gpt2server.api.openai.structured.StructuredOutputs;
import io.github.gpt2server.api.request.Prompt;
import io.github.gpt2server.text.NearMiss;
import io.github.gpt2server.web.error.ApiException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

public class FieldTableTest {
  private static final Map<String, FieldTable.Section> SECTIONS = FieldTable.INSTANCE.sections();

  /** As its text-generation-webui type sends them with the settings that it comes with. */
  public static final String SILLY_TAVERN =
      """
      {"prompt": "Once", "model": "gpt2-fairytales", "max_new_tokens": 350, "max_tokens": 350,
       "temperature": 0.7, "top_p": 0.5, "typical_p": 1, "typical": 1, "sampler_seed": -1,
       "min_p": 0, "repetition_penalty": 1.2, "frequency_penalty": 0, "presence_penalty": 0,
       "top_k": 40, "skew": 0, "min_length": 0, "min_tokens": 0, "num_beams": 1,
       "length_penalty": 1, "early_stopping": false, "add_bos_token": true,
       "dynamic_temperature": false, "dynatemp_low": 1, "dynatemp_high": 1, "dynatemp_range": 0,
       "dynatemp_exponent": 1, "smoothing_factor": 0, "smoothing_curve": 1,
       "dry_allowed_length": 2, "dry_multiplier": 0, "dry_base": 1.75,
       "dry_sequence_breakers": "[\\"\\\\n\\"]", "dry_penalty_last_n": 0, "max_tokens_second": 0,
       "sampler_priority": ["temperature", "top_k"], "stopping_strings": ["\\nYou:"],
       "stop": ["\\nYou:"], "truncation_length": 2048, "ban_eos_token": false,
       "skip_special_tokens": true, "include_reasoning": true, "top_a": 0, "tfs": 1,
       "epsilon_cutoff": 0, "eta_cutoff": 0, "mirostat_mode": 0, "mirostat_tau": 5,
       "mirostat_eta": 0.1, "custom_token_bans": "", "banned_strings": [], "api_type": "ooba",
       "api_server": "http://127.0.0.1:5000/", "xtc_threshold": 0.1, "xtc_probability": 0,
       "nsigma": 0, "top_n_sigma": 0, "min_keep": 0, "adaptive_target": -0.01,
       "adaptive_decay": 0.9, "rep_pen": 1.2, "rep_pen_range": 0, "repetition_penalty_range": 0,
       "encoder_repetition_penalty": 1, "no_repeat_ngram_size": 0, "penalty_alpha": 0,
       "temperature_last": true, "do_sample": true, "seed": -1, "guidance_scale": 1,
       "negative_prompt": "", "grammar_string": "", "repeat_penalty": 1.2, "repeat_last_n": 0,
       "n_predict": 350, "num_predict": 350, "num_ctx": 2048, "mirostat": 0, "ignore_eos": false,
       "rep_pen_slope": 1, "stream": true}
      """;

  /** With "send non-standard parameters". */
  public static final String KOBOLD_LITE =
      """
      {"prompt": "Once", "max_tokens": 120, "model": "gpt2", "temperature": 0.75, "top_p": 0.92,
       "presence_penalty": 0.07, "stop": [], "n": 1, "max_context_length": 8192,
       "max_length": 120, "rep_pen": 1.07, "top_k": 100, "top_a": 0, "typical": 1, "tfs": 1,
       "rep_pen_range": 360, "rep_pen_slope": 0.7, "sampler_order": [6, 0, 1, 3, 4, 2, 5],
       "memory": "", "trim_stop": true, "genkey": "KCPP1", "min_p": 0, "dynatemp_range": 0,
       "dynatemp_exponent": 1, "smoothing_factor": 0, "nsigma": 0, "banned_tokens": [],
       "render_special": false, "logit_bias": {}, "stop_sequence": [], "quiet": true,
       "use_default_badwordsids": false, "bypass_eos": false, "images": []}
      """;

  /** OpenAI's, vLLM's, SGLang's and text-generation-webui's own defaults. */
  private static final String DEFAULTS =
      """
      {"prompt": "Once", "best_of": 1, "echo": false, "n": 1, "suffix": null, "user": "me",
       "use_beam_search": false, "length_penalty": 1.0, "stop_token_ids": [], "min_tokens": 0,
       "skip_special_tokens": true, "spaces_between_special_tokens": true,
       "truncate_prompt_tokens": null, "truncation_side": null, "allowed_token_ids": null,
       "prompt_logprobs": null, "bad_words": [], "prompt_embeds": null, "response_format":
       {"type": "text"}, "structured_outputs": null, "priority": 0, "request_id": "a",
       "return_tokens_as_token_ids": false, "kv_transfer_params": null, "vllm_xargs": null,
       "repetition_detection": null, "return_hidden_states": false, "json_schema": null,
       "regex": null, "ebnf": null, "stop_regex": null, "no_stop_trim": false, "lora_path": null,
       "custom_params": null, "watermark": false, "return_full_text": false, "details": true,
       "repetition_penalty_range": 1024, "guidance_scale": 1, "preset": null, "mode": "instruct",
       "return_tokens": true, "typ_p": 1.0, "tools": [], "tool_choice": "auto"}
      """;

  static Stream<Class<?>> requests() {
    return Stream.of(
        CompletionRequest.class,
        StreamOptions.class,
        StructuredOutputs.class,
        ResponseFormat.class,
        ResponseFormat.NamedSchema.class,
        ChatRequest.class,
        ChatMessage.class,
        EmbeddingRequest.class,
        NextTokenRequest.class,
        DrawFields.class,
        ScoreRequest.class,
        InspectRequest.class,
        MostSimilarRequest.class,
        TokenizeRequest.class,
        DetokenizeRequest.class,
        VllmTokenizeRequest.class);
  }

  @ParameterizedTest
  @MethodSource("requests")
  void whatIsSupportedIsWhatTheRequestHas(Class<?> request) {
    assertThat(section(request).supportedNames())
        .containsExactlyInAnyOrderElementsOf(new RequestFields(request, null).names());
  }

  @Test
  void everySectionBelongsToARequest() {
    Set<String> named = new HashSet<>(Set.of("common"));
    requests().forEach(request -> named.add(request.getAnnotation(FieldSection.class).value()));

    assertThat(SECTIONS.keySet()).isEqualTo(named);
  }

  @Test
  void everyFieldHasOneMeaning() {
    SECTIONS.forEach(
        (name, section) -> {
          List<String> letters = new ArrayList<>();
          section.supportedNames().forEach(field -> letters.add(NearMiss.letters(field)));
          section.rules().keySet().forEach(field -> letters.add(NearMiss.letters(field)));
          assertThat(letters).as(name).doesNotHaveDuplicates();
          int entries =
              section.harmlessNames().size()
                  + (section.unsupported() == null ? 0 : section.unsupported().size());
          assertThat(section.rules()).as(name).hasSize(entries);
        });
  }

  @ParameterizedTest
  @MethodSource("requests")
  void everyRefusalSaysWhatToUseAndSpeaksOfFieldsThatAreThere(Class<?> request) {
    Set<String> fields = new RequestFields(request, null).names();
    FieldTable.INSTANCE
        .of(request)
        .exact()
        .forEach(
            (name, rule) -> {
              assertThat(rule.use()).as(name).doesNotContain("null").doesNotEndWith(".");
              if (rule.sameAs() != null) {
                assertThat(fields).as(name).contains(rule.sameAs());
              }
              if (rule.unless() != null) {
                assertThat(fields).as(name).contains(rule.unless());
              }
              assertThat(fields).as(name).containsAll(rule.beside().keySet());
            });
  }

  @Test
  void knowsTheFieldsOfTheOtherServers() {
    FieldTable.Section completions = SECTIONS.get("completions");
    assertThat(completions.rules().size() + SECTIONS.get("common").rules().size())
        .isGreaterThan(250);
  }

  @ParameterizedTest
  @ValueSource(strings = {SILLY_TAVERN, KOBOLD_LITE, DEFAULTS})
  void bodiesOfOtherServersClientsWithTheirDefaultsPass(String body) {
    assertThat(completion(body).prompt()).isEqualTo(new Prompt.Text("Once"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          "typical": 0.5 | typical is 0.5, which is not supported here; use typical_p, which means the same.
          "typical": 0.5, "typical_p": 1 | typical is 0.5, which is not supported here; use typical_p, which means the same.
          "repeat_penalty": 1.3 | repeat_penalty is 1.3, which is not supported here; use repetition_penalty, which means the same.
          "repetition_penalty": 1.2, "repeat_last_n": 64 | repeat_last_n is 64, which is not supported here; use repetition_penalty_range, which means the same.
          "n_predict": 5 | n_predict is 5, which is not supported here; use max_tokens, which means the same.
          "max_new_tokens": 5 | max_new_tokens is 5, which is not supported here; use max_tokens, which means the same.
          "maxNewTokens": 5 | maxNewTokens is 5, which is not supported here; use max_tokens, which means the same.
          "max_completion_tokens": 5, "max_tokens": 6 | max_completion_tokens is 5, which is not supported here; use max_tokens, which means the same.
          "guided_grammar": "x" | guided_grammar is the string "x", which is not supported here; use structured_outputs with regex or json.
          "json_object": true | json_object is true, which is not supported here; use structured_outputs with json_object.
          "prompt_logprobs": 0 | prompt_logprobs is 0, which is not supported here; use echo with logprobs, and max_tokens 0 to score the prompt alone.
          "num_beams": 4 | num_beams is 4, which is not supported here; use use_beam_search with best_of, which is the number of beams.
          "skip_special_tokens": false | skip_special_tokens is false, which is not supported here; use return_token_ids: special tokens are in token_ids and in the tokens of logprobs.
          "mirostat_mode": 2 | mirostat_mode is 2, which is not supported here; use mirostat, which means the same.
          "dry_multiplier": 0.5, "dry_range": 64 | dry_range is 64, which is not supported here; use dry_penalty_last_n, which means the same.
          "banned_strings": ["a"] | banned_strings is an array, which is not supported here; use bad_words.
          "messages": [{}] | messages is an array, which is not supported here; use POST /v1/chat/completions.
          """)
  void whatWouldChangeTheAnswerIsRefusedWithWhatToUse(String fields, String message) {
    assertThat(catchThrowableOfType(ApiException.class, () -> completion("{" + fields + "}")))
        .hasMessage(message);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"max_completion_tokens\": 5, \"max_tokens\": 5.0",
        "\"repetition_penalty\": 1, \"repeat_last_n\": 64",
        "\"do_sample\": false, \"temperature\": 0",
        "\"stop_sequence\": [\"a\"], \"stop\": [\"a\"]",
        "\"mirostat\": 2, \"mirostat_mode\": 2, \"tfs_z\": 1.0, \"min_keep\": 0",
        "\"ban_eos_token\": true, \"ignore_eos\": true",
        "\"stream_options\": {\"continuous_usage_stats\": true}"
      })
  void whatAsksForNothingMorePasses(String fields) {
    assertThat(completion("{" + fields + "}")).isNotNull();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          io.github.gpt2server.api.openai.embedding.EmbeddingRequest|"truncate_prompt_tokens": 5|truncate_prompt_tokens
          io.github.gpt2server.api.insight.nexttoken.NextTokenRequest|"top_p": 0.5|top_p
          io.github.gpt2server.api.insight.score.ScoreRequest|"text_1": "a"|text_1
          io.github.gpt2server.api.insight.score.ScoreRequest|"words": true|words
          io.github.gpt2server.api.insight.inspect.InspectRequest|"steer": [{}]|steer
          io.github.gpt2server.api.insight.similar.MostSimilarRequest|"topn": 5|topn
          """)
  void otherEndpointsRefuseByNameToo(String type, String field, String param)
      throws ClassNotFoundException {
    Class<?> request = Class.forName(type);

    assertThat(
            catchThrowableOfType(ApiException.class, () -> read("{" + field + "}", request))
                .response()
                .error())
        .satisfies(error -> assertThat(error.param()).isEqualTo(param))
        .satisfies(error -> assertThat(error.message()).contains(", which is not supported here;"));
  }

  private static FieldTable.Section section(Class<?> request) {
    return SECTIONS.get(request.getAnnotation(FieldSection.class).value());
  }

  private static CompletionRequest completion(String body) {
    return read(body, CompletionRequest.class);
  }

  private static <T> T read(String body, Class<T> type) {
    return new RequestJson(false).read(body.getBytes(StandardCharsets.UTF_8), type);
  }
}
