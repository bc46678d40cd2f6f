package io.github.gpt2server.api.insight.score;

import static io.github.gpt2server.testing.Refusals.assertInvalid;
import static io.github.gpt2server.testing.Refusals.assertModelNotFound;
import static io.github.gpt2server.testing.Refusals.refusal;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.testing.ApiLimitsFixture;
import io.github.gpt2server.testing.Refusals;
import io.github.gpt2server.testing.ServedModelFixture;
import io.github.gpt2server.tokenizer.Gpt2Tokenizer;
import io.github.gpt2server.web.error.ApiException;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ScoreValidatorTest {
  private static final int[] ONCE = {2771, 565, 258, 542};

  private static Gpt2Tokenizer tokenizer;
  private static ScoreValidator validator;

  @BeforeAll
  static void load() {
    tokenizer = Gpt2Tokenizer.load(Path.of("models/gpt2-fairytales"));
    validator = new ScoreValidator(ServedModelFixture.of(tokenizer), ApiLimitsFixture.LIMITS);
  }

  @AfterAll
  static void close() {
    tokenizer.close();
  }

  @Test
  void aTextAloneHasDefaults() {
    ScoreSpec.Texts spec = texts("{\"text\": \"Once upon a time\"}");

    assertThat(spec.texts()).hasSize(1);
    ScoreSpec.Text text = spec.texts().get(0);
    assertThat(text.text()).isEqualTo("Once upon a time");
    assertThat(text.tokens()).containsExactly(ONCE);
    assertThat(text.context()).isZero();
    assertThat(text.offsets()).containsExactly(0, 4, 9, 11);
    assertThat(spec.several()).isFalse();
    assertThat(spec.stride()).isEqualTo(256);
    assertThat(spec.topLogprobs()).isZero();
    assertThat(spec.cacheSalt()).isNull();
    assertThat(spec.stream()).isFalse();
  }

  @Test
  void everyFieldOfTextsArrives() {
    ScoreSpec.Texts spec =
        texts(
            """
            {"model": "tales", "text": ["Once upon a time", ""], "stride": 100,
             "top_logprobs": 2, "add_bos": true, "stream": true, "cache_salt": "s"}
            """);

    assertThat(spec.texts()).hasSize(2);
    assertThat(spec.texts().get(0).tokens()).containsExactly(4095, 2771, 565, 258, 542);
    assertThat(spec.texts().get(0).context()).isEqualTo(1);
    assertThat(spec.texts().get(0).offsets()).hasSize(4);
    assertThat(spec.texts().get(1).tokens()).containsExactly(4095);
    assertThat(spec.several()).isTrue();
    assertThat(spec.stride()).isEqualTo(100);
    assertThat(spec.topLogprobs()).isEqualTo(2);
    assertThat(spec.cacheSalt()).isEqualTo("s");
    assertThat(spec.stream()).isTrue();
  }

  @Test
  void limitsAreInclusive() {
    assertThat(texts("{\"text\": \"a\", \"stride\": 1}").stride()).isEqualTo(1);
    assertThat(texts("{\"text\": \"a\", \"stride\": 511}").stride()).isEqualTo(511);
    assertThat(texts("{\"text\": \"a\", \"top_logprobs\": 4096}").topLogprobs()).isEqualTo(4096);
  }

  @Test
  void continuationsFollowThePrompt() {
    ScoreSpec.Continuations spec =
        continuations(
            """
            {"prompt": "Once upon", "continuations": [" a time", " a"], "cache_salt": "s",
             "top_logprobs": 0, "add_bos": false, "stream": false}
            """);

    assertThat(spec.texts()).containsExactly(" a time", " a");
    assertThat(spec.continuations()).hasSize(2);
    assertThat(spec.continuations().get(0).prompt()).containsExactly(2771, 565);
    assertThat(spec.continuations().get(0).tokens()).containsExactly(258, 542);
    assertThat(spec.generation().id()).matches("rank-[0-9a-f]{32}");
    assertThat(spec.generation().timeout()).isEqualTo(Duration.ofSeconds(30));
    assertThat(spec.generation().sequences()).hasSize(2);
    assertThat(spec.generation().sequences().get(0).prompt()).containsExactly(ONCE);
    assertThat(spec.generation().sequences().get(0).reuse().salt()).isEqualTo("s");
    assertThat(spec.generation().sequences().get(0).promptProbabilities().scoredFrom())
        .isEqualTo(2);
  }

  @Test
  void continuationsWithoutAPromptFollowTheBeginningOfAText() {
    assertThat(continuations("{\"continuations\": [\" a\"]}").continuations().get(0).prompt())
        .containsExactly(4095);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {} | text | text is missing; send text, or prompt with continuations.
          {"text": 7} | text | text must be a string or an array of strings, but is 7.
          {"text": []} | text | text is empty; send at least one text.
          {"text": ["a", null]} | text | text[1] must be a string, but is null.
          {"text": "a", "prompt": "b"} | prompt | prompt cannot be combined with text; to score a text after a prompt, send the text in continuations.
          {"text": "a", "stride": 0} | stride | stride must be between 1 and 511, but is 0.
          {"text": "a", "stride": 512} | stride | stride must be between 1 and 511, but is 512.
          {"text": "a", "top_logprobs": -1} | top_logprobs | top_logprobs must be between 0 and 4096, but is -1.
          {"text": "a", "top_logprobs": 4097} | top_logprobs | top_logprobs must be between 0 and 4096, but is 4097.
          {"text": "a", "continuations": ["b"]} | text | text and continuations exclude each other; remove one of them.
          {"continuations": ["b"], "stream": true} | stream | continuations cannot be streamed; remove stream.
          {"continuations": ["b"], "stride": 5} | stride | stride applies to text only and cannot be combined with continuations; remove stride.
          {"continuations": ["b"], "top_logprobs": 5} | top_logprobs | top_logprobs applies to text only and cannot be combined with continuations; remove top_logprobs.
          {"continuations": ["b"], "add_bos": true} | add_bos | add_bos applies to text only and cannot be combined with continuations; remove add_bos.
          {"continuations": []} | continuations | continuations is empty; send 1 to 128 texts.
          {"continuations": ["b", ""]} | continuations | continuations[1] is empty; remove it, or send at least one character.
          {"continuations": [null]} | continuations[0] | continuations[0] must be a string, but is null.
          {"text": "a", "top_logprobs": 5000} | top_logprobs | top_logprobs must be between 0 and 4096, but is 5000.
          {"text": "a \\ud800"} | text | text holds half of a surrogate pair (such as \\ud800 alone), which is not a character; remove it or complete the pair.
          {"text":["a",5]} | text | text[1] must be a string, but is 5.
          """)
  void refusalsNameFieldValueAndRemedy(String body, String param, String message) {
    assertInvalid(() -> validate(body), param, message);
  }

  @Test
  void promptAndContinuationMustFitTheContext() {
    String body = "{\"prompt\": \"%s\", \"continuations\": [\" a\"]}";
    assertThat(continuations(body.formatted(" king".repeat(511))).continuations()).hasSize(1);

    ApiException refusal = refusal(() -> validate(body.formatted(" king".repeat(512))));

    assertThat(refusal)
        .hasMessage(
            "This model's context holds 512 tokens, but the prompt has 512 and continuations[0] has"
                + " 1, 513 in total; shorten one of them.");
    assertThat(refusal.response().error().param()).isEqualTo("continuations");
    assertThat(refusal.response().error().code()).isEqualTo("context_length_exceeded");
  }

  @Test
  void allTextsTogetherReportALimitedNumberOfLogprobs() {
    String body = "{\"text\": [\"" + " king".repeat(2441) + "\", \"%s\"], \"top_logprobs\": 4096}";
    assertThat(texts(body.formatted("")).texts()).hasSize(2);

    assertInvalid(
        () -> validate(body.formatted(" king")),
        "top_logprobs",
        "top_logprobs = 4096 at up to 2442 positions makes 10002432 log-probabilities, but an answer"
            + " may have at most 10000000; lower top_logprobs or send less text at once.");
  }

  @Test
  void aTextMayBeLongerThanTheContext() {
    assertThat(texts("{\"text\": \"" + " king".repeat(1000) + "\"}").texts().get(0).tokens())
        .hasSize(1000);
  }

  @Test
  void anotherModelIsNotFound() {
    assertModelNotFound(() -> validate("{\"text\": \"a\", \"model\": \"gpt-4\"}"));
  }

  private static ScoreSpec.Texts texts(String body) {
    return (ScoreSpec.Texts) validate(body);
  }

  private static ScoreSpec.Continuations continuations(String body) {
    return (ScoreSpec.Continuations) validate(body);
  }

  private static ScoreSpec validate(String body) {
    return validator.validate(Refusals.request(ScoreRequest.class, body));
  }
}
