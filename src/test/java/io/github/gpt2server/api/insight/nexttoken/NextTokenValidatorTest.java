package io.github.gpt2server.api.insight.nexttoken;

import static io.github.gpt2server.testing.Refusals.assertInvalid;
import static io.github.gpt2server.testing.Refusals.assertModelNotFound;
import static io.github.gpt2server.testing.Refusals.refusal;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.api.execution.AbortCheck;
import io.github.gpt2server.api.limit.RequestMemory;
import io.github.gpt2server.engine.request.SequenceRequest;
import io.github.gpt2server.memory.MemoryBudget;
import io.github.gpt2server.memory.MemoryUse;
import io.github.gpt2server.serving.ServedModel;
import io.github.gpt2server.testing.ApiLimitsFixture;
import io.github.gpt2server.testing.Refusals;
import io.github.gpt2server.testing.ServedModelFixture;
import io.github.gpt2server.tokenizer.Gpt2Tokenizer;
import io.github.gpt2server.web.error.ApiException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.mock.web.MockHttpServletRequest;
import org.springframework.web.context.request.RequestContextHolder;
import org.springframework.web.context.request.ServletRequestAttributes;

class NextTokenValidatorTest {
  private static final int[] ONCE = {2771, 565, 258, 542};

  private static Gpt2Tokenizer tokenizer;
  private static ServedModel model;
  private static NextTokenValidator validator;

  @BeforeAll
  static void load() {
    tokenizer = Gpt2Tokenizer.load(Path.of("models/gpt2-fairytales"));
    model = ServedModelFixture.of(tokenizer);
    validator = new NextTokenValidator(model, ApiLimitsFixture.LIMITS);
  }

  @AfterAll
  static void close() {
    tokenizer.close();
  }

  @Test
  void aPromptAloneHasDefaults() {
    NextTokenSpec spec = valid("{\"prompt\": \"Once upon a time\"}");

    assertThat(spec.prompts()).containsExactly(ONCE);
    assertThat(spec.several()).isFalse();
    assertThat(spec.topK()).isEqualTo(10);
    assertThat(spec.temperature()).isEqualTo(1);
    assertThat(spec.candidates()).isEmpty();
    assertThat(spec.generation().id()).matches("next-[0-9a-f]{32}");
    assertThat(spec.generation().timeout()).isEqualTo(Duration.ofSeconds(30));
    assertThat(spec.generation().sequences()).hasSize(1);
    SequenceRequest sequence = spec.generation().sequences().get(0);
    assertThat(sequence.prompt()).containsExactly(ONCE);
    assertThat(sequence.maxTokens()).isZero();
    assertThat(sequence.promptProbabilities().nextTokenLogits()).isTrue();
  }

  @Test
  void everyFieldArrives() {
    NextTokenSpec spec =
        valid(
            """
            {"model": "tales", "prompt": ["Once upon a time", ""], "top_k": 3, "temperature": 0.5,
             "candidates": [" upon", "Once upon"], "cache_salt": "s"}
            """);

    assertThat(spec.prompts()).containsExactly(ONCE, new int[] {4095});
    assertThat(spec.several()).isTrue();
    assertThat(spec.topK()).isEqualTo(3);
    assertThat(spec.temperature()).isEqualTo(0.5);
    assertThat(spec.candidates()).hasSize(2);
    assertThat(spec.candidates().get(0).text()).isEqualTo(" upon");
    assertThat(spec.candidates().get(0).tokens()).containsExactly(565);
    assertThat(spec.candidates().get(0).single()).isTrue();
    assertThat(spec.candidates().get(1).tokens()).containsExactly(2771, 565);
    assertThat(spec.candidates().get(1).single()).isFalse();
    List<SequenceRequest> sequences = spec.generation().sequences();
    assertThat(sequences).hasSize(4);
    assertThat(sequences.get(1).prompt()).containsExactly(2771, 565, 258, 542, 2771, 565);
    assertThat(sequences.get(1).promptProbabilities().scoredFrom()).isEqualTo(4);
    assertThat(sequences.get(1).promptProbabilities().temperature()).isEqualTo(0.5);
    assertThat(sequences.get(3).prompt()).containsExactly(4095, 2771, 565);
    assertThat(sequences).allMatch(sequence -> sequence.reuse().salt().equals("s"));
  }

  @Test
  void tokensAreAPromptToo() {
    NextTokenSpec spec = valid("{\"tokens\": [5, 6]}");

    assertThat(spec.prompts()).containsExactly(new int[] {5, 6});
    assertThat(spec.several()).isFalse();
    assertThat(valid("{\"tokens\": []}").prompts()).containsExactly(new int[] {4095});
  }

  @Test
  void limitsAreInclusive() {
    assertThat(valid("{\"tokens\": [5], \"top_k\": 0}").topK()).isZero();
    assertThat(valid("{\"tokens\": [5], \"top_k\": 4096}").topK()).isEqualTo(4096);
    assertThat(valid("{\"tokens\": [5], \"temperature\": 1e-9}").temperature()).isEqualTo(1e-9);
    assertThat(valid("{\"tokens\": [5], \"temperature\": 100}").temperature()).isEqualTo(100);
  }

  @Test
  void topKIsLimitedByTheServer() {
    NextTokenValidator few = new NextTokenValidator(model, ApiLimitsFixture.withMaxLogprobs(7));

    assertThat(few.validate(request("{\"tokens\": [5]}")).topK()).isEqualTo(7);
    assertInvalid(
        () -> few.validate(request("{\"tokens\": [5], \"top_k\": 8}")),
        "top_k",
        "top_k must be between 0 and 7, but is 8.");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {} | prompt | prompt and tokens are missing; send one of them.
          {"prompt": "a", "tokens": [1]} | tokens | prompt and tokens exclude each other; remove one of them.
          {"prompt": [1]} | prompt | prompt must be a string or an array of one or more strings; send token ids in tokens.
          {"prompt": [[1]]} | prompt | prompt must be a string or an array of one or more strings; send token ids in tokens.
          {"prompt": "a", "top_k": -1} | top_k | top_k must be between 0 and 4096, but is -1.
          {"prompt": "a", "top_k": 4097} | top_k | top_k must be between 0 and 4096, but is 4097.
          {"prompt": "a", "temperature": 0} | temperature | temperature must be between 0.000000001 and 100, but is 0.
          {"prompt": "a", "temperature": 101} | temperature | temperature must be between 0.000000001 and 100, but is 101.
          {"prompt": "a", "candidates": ["b", ""]} | candidates | candidates[1] is empty; remove it, or send at least one character.
          {"prompt": "a", "candidates": [null]} | candidates[0] | candidates[0] must be a string, but is null.
          {"tokens": [-1]} | tokens | tokens[0] is -1, which is not a token id; the vocabulary has ids from 0 to 4095.
          """)
  void refusalsNameFieldValueAndRemedy(String body, String param, String message) {
    assertInvalid(() -> valid(body), param, message);
  }

  @Test
  void candidatesCountForEachPrompt() {
    String body = "{\"prompt\": [\"a\", \"b\"], \"candidates\": [%s]}";
    assertThat(valid(body.formatted(candidates(5000, " king"))).candidates()).hasSize(5000);

    assertInvalid(
        () -> valid(body.formatted(candidates(5001, " king"))),
        "candidates",
        "2 prompts with 5001 candidates request 10002 probabilities, but the limit is 10000 per"
            + " request; send several requests.");
  }

  @Test
  void candidatesOfSeveralTokensAreSequences() {
    String body = "{\"prompt\": \"a\", \"candidates\": [%s]}";
    assertThat(valid(body.formatted(candidates(127, "Once upon"))).generation().sequences())
        .hasSize(128);

    assertInvalid(
        () -> valid(body.formatted(candidates(128, "Once upon"))),
        "candidates",
        "The prompts, and each prompt with each candidate of several tokens, add up to 129"
            + " sequences, but the limit is 128 per request; send several requests.");
  }

  /** With sampling, each beginning of a candidate is read, those that are the same once. */
  @Test
  void beginningsOfCandidatesAreSequencesToo() {
    inRequest(
        () -> {
          RequestMemory memory = RequestMemory.begin(MemoryBudget.UNLIMITED);
          String body =
              "{\"prompt\": \"a\", \"top_k\": 10, \"sampling\": {}, \"candidates\": [%s]}";
          List<SequenceRequest> sequences =
              valid(body.formatted("\"Once upon\", \"Once upon a\", \" king\""))
                  .generation()
                  .sequences();
          assertThat(sequences).hasSize(5);
          assertThat(memory.of(MemoryUse.ANSWERS).bytes())
              .isEqualTo(4 * (4096 + 10) + 5 * 4096 + 2 * 4 * 4096);

          assertInvalid(
              () -> valid(body.formatted(candidates(127, "Once upon"))),
              "candidates",
              "The prompts, and each prompt with each candidate of several tokens and, for sampling,"
                  + " with each beginning of one, add up to 129 sequences, but the limit is 128 per"
                  + " request; send several requests.");
        });
  }

  /** Requests for each of them would take gigabytes. */
  @Test
  void tooManyBeginningsAreCountedWithoutBeingMade() {
    String body = "{\"prompt\": \"a\", \"sampling\": {}, \"candidates\": [%s]}";
    String candidates =
        IntStream.range(0, 3000)
            .mapToObj(i -> "\"" + i + " king".repeat(400) + "\"")
            .collect(Collectors.joining(","));

    ApiException refusal = refusal(() -> valid(body.formatted(candidates)));

    assertThat(refusal.getMessage()).contains("sequences, but the limit is 128 per request");
  }

  @Test
  void promptsMustFitTheContext() {
    String body = "{\"tokens\": [%s7]}";
    assertThat(valid(body.formatted("7,".repeat(511))).prompts().get(0)).hasSize(512);

    assertInvalid(
        () -> valid(body.formatted("7,".repeat(512))),
        "prompt",
        "This model's context holds 512 tokens, but the request needs 513 in the prompt; shorten the"
            + " prompt.");
  }

  @Test
  void aCandidateThatCannotFitIsRefusedBeforeItIsTokenized() {
    String body = "{\"tokens\": [7], \"candidates\": [\"" + " king".repeat(20_000) + "\"]}";

    ApiException refusal = refusal(() -> valid(body));

    assertThat(refusal.getMessage())
        .startsWith("This model's context holds 512 tokens, but candidates[0] has at least ");
    assertThat(refusal.response().error().param()).isEqualTo("candidates");
  }

  @Test
  void promptAndCandidateMustFitTheContext() {
    String body = "{\"tokens\": [%s7], \"candidates\": [\"Once upon\"]}";
    assertThat(valid(body.formatted("7,".repeat(509))).prompts().get(0)).hasSize(510);

    ApiException refusal = refusal(() -> valid(body.formatted("7,".repeat(510))));

    assertThat(refusal)
        .hasMessage(
            "This model's context holds 512 tokens, but the prompt has 511 and a candidate has 2,"
                + " 513 in total; shorten one of them.");
    assertThat(refusal.response().error().param()).isEqualTo("candidates");
    assertThat(refusal.response().error().code()).isEqualTo("context_length_exceeded");
  }

  /** A row of logits for each prompt, and the ids of its most likely tokens. */
  @Test
  void theAnswersMemoryIsReserved() {
    inRequest(
        () -> {
          RequestMemory memory = RequestMemory.begin(MemoryBudget.UNLIMITED);
          assertThat(valid("{\"prompt\": [\"a\", \"b\"], \"top_k\": 10}").topK()).isEqualTo(10);
          assertThat(memory.of(MemoryUse.ANSWERS).bytes()).isEqualTo(2 * 4 * (4096 + 10));
        });
  }

  @Test
  void nothingIsTokenizedAfterTheTimeLimit() {
    inRequest(
        () -> {
          AbortCheck.begin(Duration.ZERO);
          assertThat(refusal(() -> valid("{\"prompt\": \"a\"}")).status().value()).isEqualTo(504);
        });
  }

  private static void inRequest(Runnable test) {
    RequestContextHolder.setRequestAttributes(
        new ServletRequestAttributes(new MockHttpServletRequest()));
    try {
      test.run();
    } finally {
      RequestContextHolder.resetRequestAttributes();
    }
  }

  @Test
  void anotherModelIsNotFound() {
    assertModelNotFound(() -> valid("{\"prompt\": \"a\", \"model\": \"gpt-4\"}"));
  }

  private static String candidates(int count, String text) {
    return String.join(",", Collections.nCopies(count, "\"" + text + "\""));
  }

  private static NextTokenSpec valid(String body) {
    return validator.validate(request(body));
  }

  private static NextTokenRequest request(String body) {
    return Refusals.request(NextTokenRequest.class, body);
  }
}
