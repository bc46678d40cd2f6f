package io.github.gpt2server.api.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.github.gpt2server.api.request.Prompt;
import io.github.gpt2server.web.error.ApiException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.http.HttpStatus;

class RequestJsonTest {

  record Options(@JsonProperty("include_usage") Boolean includeUsage) {}

  record Sample(
      @JsonProperty("max_tokens") Integer maxTokens,
      @JsonProperty("temperature") Double temperature,
      @JsonProperty("seed") Long seed,
      @JsonProperty("stream") Boolean stream,
      @JsonProperty("user") String user,
      @JsonProperty("top_k") Integer topK,
      @JsonProperty("top_p") Double topP,
      @JsonProperty("n") Integer n,
      @JsonProperty("stop_token_ids") int[] stopTokenIds,
      @JsonProperty("logit_bias") Map<String, Double> logitBias,
      @JsonProperty("stream_options") Options streamOptions,
      @JsonProperty("prompt") Prompt prompt)
      implements JsonRequest {}

  @Test
  void readsEveryKindOfField() {
    Sample sample =
        read(
            """
            {"max_tokens": 5, "temperature": 1, "seed": -9223372036854775808, "stream": true,
             "user": "\\ud83d\\udc09", "stop_token_ids": [1, 2.0], "logit_bias": {"7": -1.5},
             "stream_options": {"include_usage": true}, "prompt": ["a"]}
            """);

    assertThat(sample.maxTokens()).isEqualTo(5);
    assertThat(sample.temperature()).isEqualTo(1.0);
    assertThat(sample.seed()).isEqualTo(Long.MIN_VALUE);
    assertThat(sample.stream()).isTrue();
    assertThat(sample.user()).isEqualTo("🐉");
    assertThat(sample.stopTokenIds()).containsExactly(1, 2);
    assertThat(sample.logitBias()).containsExactly(Map.entry("7", -1.5));
    assertThat(sample.streamOptions().includeUsage()).isTrue();
    assertThat(sample.prompt()).isEqualTo(new Prompt.Texts(List.of("a")));
  }

  @Test
  void nullIsTheSameAsAbsent() {
    Sample sample =
        read("{\"max_tokens\":null,\"stream\":null,\"stream_options\":null,\"logit_bias\":null}");

    assertThat(sample)
        .isEqualTo(read("{}"))
        .isEqualTo(
            new Sample(null, null, null, null, null, null, null, null, null, null, null, null));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {"max_tokens":"5"}|max_tokens|max_tokens must be an integer, but is the string "5".
          {"max_tokens":true}|max_tokens|max_tokens must be an integer, but is true.
          {"max_tokens":16.5}|max_tokens|max_tokens must be an integer, but is 16.5.
          {"max_tokens":[5]}|max_tokens|max_tokens must be an integer, but is an array.
          {"max_tokens":99999999999}|max_tokens|max_tokens must be an integer, but 99999999999 is too large.
          {"seed":1e30}|seed|seed must be an integer, but is 1e30.
          {"seed":99999999999999999999}|seed|seed must be an integer, but 99999999999999999999 is too large.
          {"temperature":"hot"}|temperature|temperature must be a number, but is the string "hot".
          {"temperature":false}|temperature|temperature must be a number, but is false.
          {"temperature":1e999}|temperature|temperature must be a finite number, but 1e999 is too large.
          {"temperature":{}}|temperature|temperature must be a number, but is an object.
          {"stream":1}|stream|stream must be true or false, but is 1.
          {"stream":"true"}|stream|stream must be true or false, but is the string "true".
          {"user":5}|user|user must be a string, but is 5.
          {"user":"\\ud800"}|user|user holds half of a surrogate pair (such as \\ud800 alone), which is not a character; remove it or complete the pair.
          {"stop_token_ids":5}|stop_token_ids|stop_token_ids must be an array, but is 5.
          {"stop_token_ids":["5"]}|stop_token_ids[0]|stop_token_ids[0] must be an integer, but is the string "5".
          {"stop_token_ids":""}|stop_token_ids|stop_token_ids must be an array, but is the string "".
          {"logit_bias":[]}|logit_bias|logit_bias must be an object, but is an array.
          {"logit_bias":{"7":"x"}}|logit_bias.7|logit_bias.7 must be a number, but is the string "x".
          {"stream_options":true}|stream_options|stream_options must be an object, but is true.
          {"stream_options":""}|stream_options|stream_options must be an object, but is the string "".
          {"stream_options":{"include_usage":1}}|stream_options.include_usage|stream_options.include_usage must be true or false, but is 1.
          """)
  void wrongTypesAreToldWithFieldAndValue(String body, String param, String message) {
    ApiException e = refused(body);

    assertThat(e.status()).isEqualTo(HttpStatus.BAD_REQUEST);
    assertThat(e.getMessage()).isEqualTo(message);
    assertThat(e.response().error().param()).isEqualTo(param);
    assertThat(e.response().error().type()).isEqualTo("invalid_request_error");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          ``|The body is empty; send a JSON object.
          `  `|The body is empty; send a JSON object.
          []|The body must be a JSON object, but is an array.
          "text"|The body must be a JSON object, but is the string "text".
          null|The body must be a JSON object, but is null.
          {"n":1|The body is not valid JSON at line 1, column 7: it ends too early; a bracket, brace or quote is not closed.
          {"n":1} {}|The body is not valid JSON at line 1, column 9: something follows the object.
          {"n":1,"n":2}|The body is not valid JSON at line 1, column 11: the field "n" is given twice.
          {"n":NaN}|The body is not valid JSON at line 1, column 9: an unexpected character or word.
          {"n":-Infinity}|The body is not valid JSON at line 1, column 15: an unexpected character or word.
          {'n':1}|The body is not valid JSON at line 1, column 2: an unexpected character or word.
          {"n":1,}|The body is not valid JSON at line 1, column 8: an unexpected character or word.
          hello|The body is not valid JSON at line 1, column 1: an unexpected character or word.
          """)
  void brokenJsonIsToldWithItsPlace(String body, String message) {
    assertThat(refused(body == null ? "" : body).getMessage()).isEqualTo(message);
  }

  @Test
  void limitsNestingAndNumberLength() {
    String deep = "{\"x\":" + "[".repeat(5000) + "]".repeat(5000) + "}";
    assertThat(refused(deep).getMessage())
        .isEqualTo("The body is not valid JSON: it is nested deeper than 100 levels.");
    String longNumber = "{\"temperature\":1" + "0".repeat(5000) + "}";
    assertThat(refused(longNumber).getMessage())
        .contains("a number in it is too long; it may have at most 1000 characters.");
    assertThat(refused("{\"" + "x".repeat(5000) + "\":1}").getMessage())
        .contains("a name in it is too long; it may have at most 1000 characters.");
  }

  @Test
  void refusesBytesThatAreNotUtf8() {
    byte[] latin1 = "{\"user\":\"é\"}".getBytes(StandardCharsets.ISO_8859_1);
    ApiException e =
        catchThrowableOfType(
            ApiException.class, () -> new RequestJson(false).read(latin1, Sample.class));
    assertThat(e.getMessage())
        .isEqualTo(
            "The body is not UTF-8: the byte at position 9 does not belong there. Encode the JSON"
                + " as UTF-8.");

    byte[] utf16 = "{}".getBytes(StandardCharsets.UTF_16BE);
    assertThat(
            catchThrowableOfType(
                ApiException.class, () -> new RequestJson(false).read(utf16, Sample.class)))
        .hasMessageStartingWith("The body is not valid JSON");
  }

  @Test
  void acceptsAByteOrderMark() {
    assertThat(read("\uFEFF{\"n\":1}").n()).isEqualTo(1);
  }

  @ParameterizedTest
  @CsvSource({
    "max_tokns, max_tokens",
    "max_token, max_tokens",
    "maxTokens, max_tokens",
    "max-tokens, max_tokens",
    "MAX_TOKENS, max_tokens",
    "mxa_tokens, max_tokens",
    "temprature, temperature",
    "tempature, temperature",
    "topk, top_k",
    "topP, top_p",
    "N, n",
    "sede, seed",
    "promt, prompt",
    "prompts, prompt",
    "steam, stream"
  })
  void aSlipOfThePenNamesTheFieldMeant(String sent, String meant) {
    ApiException e = refused("{\"" + sent + "\": 1}");

    assertThat(e.getMessage())
        .isEqualTo(sent + " is not a field of this endpoint; did you mean '" + meant + "'?");
    assertThat(e.response().error().param()).isEqualTo(sent);
  }

  @Test
  void aSlipInANestedObjectIsFoundToo() {
    assertThat(refused("{\"stream_options\":{\"include_usge\":true}}").response().error().param())
        .isEqualTo("stream_options.include_usge");
  }

  @Test
  void aSlipBesideTheFieldMeantIsIgnored() {
    assertThat(read("{\"logitBias\": {\"1\": 2}, \"logit_bias\": {\"7\": 1}}").logitBias())
        .containsExactly(Map.entry("7", 1.0));
    assertThat(read("{\"max_tokens\": 5, \"maxTokens\": 7}").maxTokens()).isEqualTo(5);
    assertThat(
            read("{\"stream_options\": {\"includeUsage\": true, \"include_usage\": false}}")
                .streamOptions()
                .includeUsage())
        .isFalse();
    assertThat(refused("{\"max_tokens\": null, \"maxTokens\": 7}"))
        .hasMessage("maxTokens is not a field of this endpoint; did you mean 'max_tokens'?");
  }

  @ParameterizedTest
  @ValueSource(strings = {"request_id", "cache_prompt", "requestId", "num_ctx", "x", "vibrato"})
  void otherFieldsAreIgnored(String field) {
    assertThat(read("{\"" + field + "\": {\"a\": [1, {}]}, \"n\": 2}").n()).isEqualTo(2);
  }

  @Test
  void whatWouldChangeAnyAnswerIsRefusedByName() {
    ApiException e = refused("{\"lora_path\": \"fairies\", \"n\": 2}");

    assertThat(e.getMessage())
        .isEqualTo(
            "lora_path is the string \"fairies\", which is not supported here; remove it: the"
                + " model is served as it was loaded.");
    assertThat(e.response().error().param()).isEqualTo("lora_path");
    assertThat(read("{\"lora_path\": \"\", \"lora\": null, \"n\": 2}").n()).isEqualTo(2);
  }

  @Test
  void namesWithoutMeaningAreLookedAtAHandfulOfTimes() {
    StringBuilder body = new StringBuilder("{");
    for (int i = 0; i < 900; i++) {
      body.append("\"stranger").append(i).append("\":[],");
    }
    // Beyond those that are looked at, a slip is not found either.
    assertThat(read(body + "\"n\":2,\"max_tokns\":1}").n()).isEqualTo(2);
    assertThat(read(body + "\"n\":2}").n()).isEqualTo(2);
    assertThat(refused("{\"max_tokns\":1," + body.substring(1) + "\"n\":2}").getMessage())
        .contains("max_tokens");
  }

  @Test
  void strictFieldsRefusesEveryUnknownOne() {
    assertThat(refusedStrictly("{\"request_id\": \"a\"}"))
        .hasMessage(
            "request_id is not a field of this endpoint, and this server refuses unknown fields; it"
                + " knows include_usage.")
        .satisfies(e -> assertThat(e.response().error().param()).isEqualTo("request_id"));
    assertThat(refusedStrictly("{\"include_usage\": true, \"includeUsage\": true}"))
        .hasMessageStartingWith("includeUsage is not a field of this endpoint, and this server");
  }

  private static ApiException refusedStrictly(String body) {
    return catchThrowableOfType(
        ApiException.class,
        () -> new RequestJson(true).read(body.getBytes(StandardCharsets.UTF_8), Options.class));
  }

  private static Sample read(String body) {
    return new RequestJson(false).read(body.getBytes(StandardCharsets.UTF_8), Sample.class);
  }

  private static ApiException refused(String body) {
    return catchThrowableOfType(ApiException.class, () -> read(body));
  }
}
