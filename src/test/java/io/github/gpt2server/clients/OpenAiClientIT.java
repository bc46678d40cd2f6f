package io.github.gpt2server.clients;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.within;

import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.JsonValue;
import com.openai.core.http.StreamResponse;
import com.openai.errors.BadRequestException;
import com.openai.errors.NotFoundException;
import com.openai.errors.RateLimitException;
import com.openai.errors.UnauthorizedException;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.chat.completions.ChatCompletionStreamOptions;
import com.openai.models.completions.Completion;
import com.openai.models.completions.CompletionChoice;
import com.openai.models.completions.CompletionCreateParams;
import com.openai.models.embeddings.CreateEmbeddingResponse;
import com.openai.models.embeddings.Embedding;
import com.openai.models.embeddings.EmbeddingCreateParams;
import com.openai.models.embeddings.EmbeddingCreateParams.EncodingFormat;
import com.openai.models.models.Model;
import io.github.gpt2server.testing.EndlessCompletion;
import io.github.gpt2server.testing.LiveServer;
import io.github.gpt2server.testing.OwnServer;
import io.github.gpt2server.testing.RawHttp;
import io.github.gpt2server.testing.Scrape;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What OpenAI's own Java client makes of this server. */
@OwnServer({
  "--gpt2.dtype=float32",
  "--gpt2.api-keys=sk-test",
  "--gpt2.max-sequences=2",
  "--gpt2.max-queue=1"
})
class OpenAiClientIT {
  private static final String KING = " was very angry, and said: \"I am the king of the land";

  private static final String KEY = "Authorization: Bearer sk-test\r\n";

  private static LiveServer server;
  private static OpenAIClient client;

  @BeforeAll
  static void start() {
    client = client("v1", "sk-test", 0);
  }

  private static OpenAIClient client(String base, String key, int retries) {
    return OpenAIOkHttpClient.builder()
        .baseUrl(server.base() + base)
        .apiKey(key)
        .maxRetries(retries)
        .build();
  }

  @AfterAll
  static void stop() {
    client.close();
  }

  @Test
  void completes() {
    Completion completion = client.completions().create(params().build());

    assertThat(completion.model()).isEqualTo("gpt2-fairytales");
    assertThat(completion.choices()).hasSize(1);
    CompletionChoice choice = completion.choices().get(0);
    assertThat(choice.text()).isEqualTo(KING);
    assertThat(choice.finishReason()).isEqualTo(CompletionChoice.FinishReason.LENGTH);
    assertThat(choice.logprobs()).isEmpty();
    assertThat(completion.usage().orElseThrow().completionTokens()).isEqualTo(15);
    completion.validate();
  }

  @Test
  void streams() {
    StringBuilder text = new StringBuilder();
    try (StreamResponse<Completion> stream =
        client.completions().createStreaming(params().build())) {
      stream.stream().forEach(chunk -> text.append(chunk.choices().get(0).text()));
    }

    assertThat(text).hasToString(KING);
  }

  @Test
  void aStreamEndsWithTheUsageAndNamesItsReasonOnce() {
    List<Completion> chunks;
    try (StreamResponse<Completion> stream =
        client
            .completions()
            .createStreaming(
                params()
                    .streamOptions(ChatCompletionStreamOptions.builder().includeUsage(true).build())
                    .build())) {
      chunks = stream.stream().toList();
    }

    assertThat(chunks.get(chunks.size() - 1).choices()).isEmpty();
    assertThat(chunks.get(chunks.size() - 1).usage().orElseThrow().totalTokens()).isEqualTo(17);
    // finishReason() itself throws on the nulls in mid-stream.
    assertThat(chunks.stream().flatMap(chunk -> chunk.choices().stream()))
        .extracting(choice -> choice._finishReason().asKnown().orElse(null))
        .filteredOn(Objects::nonNull)
        .containsExactly(CompletionChoice.FinishReason.LENGTH);
  }

  @Test
  void severalTextsComeWithTheirProbabilities() {
    Completion completion =
        client
            .completions()
            .create(params().temperature(1).seed(5).n(2).logprobs(3).stop(" the").build());

    completion.validate();
    assertThat(completion.choices()).extracting(CompletionChoice::index).containsExactly(0L, 1L);
    for (CompletionChoice choice : completion.choices()) {
      CompletionChoice.Logprobs logprobs = choice.logprobs().orElseThrow();
      List<Double> chosen = logprobs.tokenLogprobs().orElseThrow();
      assertThat(String.join("", logprobs.tokens().orElseThrow())).isEqualTo(choice.text());
      assertThat(chosen).hasSameSizeAs(logprobs.topLogprobs().orElseThrow());
      assertThat(chosen).allSatisfy(logprob -> assertThat(logprob).isNegative());
    }
  }

  @Test
  void aStreamThatIsClosedInTheMiddleCountsAsCancelled() throws Exception {
    double before = ended(Scrape.of(server, KEY), "cancelled");
    // Its connection reads on for a tenth of a second, in which a short answer would be complete.
    try (StreamResponse<Completion> stream =
        client
            .completions()
            .createStreaming(
                params()
                    .temperature(1)
                    .n(100)
                    .maxTokens(500)
                    .putAdditionalBodyProperty("ignore_eos", JsonValue.from(true))
                    .build())) {
      assertThat(stream.stream().findFirst().orElseThrow().choices()).hasSize(1);
    }

    Scrape.await(server, KEY, scrape -> ended(scrape, "cancelled") == before + 1);
    server.awaitStatus(status -> status.running() == 0 && status.waiting() == 0);
  }

  private static double ended(Scrape scrape, String outcome) {
    return scrape.value("gpt2_requests_total", "outcome", outcome);
  }

  @Test
  void embedsInFloatsAndBase64() {
    EmbeddingCreateParams.Builder params =
        EmbeddingCreateParams.builder()
            .model("gpt2-fairytales")
            .inputOfArrayOfStrings(List.of("The king was very angry.", "A"))
            .dimensions(320);
    CreateEmbeddingResponse floats =
        client.embeddings().create(params.encodingFormat(EncodingFormat.FLOAT).build());
    CreateEmbeddingResponse base64 =
        client.embeddings().create(params.encodingFormat(EncodingFormat.BASE64).build());

    floats.validate();
    assertThat(floats.model()).isEqualTo("gpt2-fairytales");
    assertThat(floats.usage().promptTokens()).isEqualTo(7);
    assertThat(floats.usage().totalTokens()).isEqualTo(7);
    assertThat(floats.data()).extracting(Embedding::index).containsExactly(0L, 1L);
    assertThat(floats.data().get(0).embedding()).hasSize(320);
    // The first of embeddings.json's: ln_f, mean, of length 1.
    assertThat(floats.data().get(0).embedding().get(10)).isCloseTo(0.040438f, within(1e-5f));
    assertThat(base64.data().get(0).embeddingValue().isBase64()).isTrue();
    for (int i = 0; i < 2; i++) {
      assertThat(base64.data().get(i).embedding()).isEqualTo(floats.data().get(i).embedding());
    }
  }

  @Test
  void listsAndDescribesModels() {
    List<Model> models = client.models().list().data();

    assertThat(models).extracting(Model::id).containsExactly("gpt2-fairytales");
    assertThat(client.models().retrieve("gpt2-fairytales")).isEqualTo(models.get(0));
    assertThat(
            catchThrowableOfType(
                NotFoundException.class, () -> client.models().retrieve("openai-community/gpt2")))
        .satisfies(e -> assertThat(e.code()).contains("model_not_found"));
  }

  @Test
  void errorsArriveWithTheirFields() {
    BadRequestException e =
        catchThrowableOfType(
            BadRequestException.class,
            () -> client.completions().create(params().maxTokens(600).build()));

    assertThat(e.code()).contains("context_length_exceeded");
    assertThat(e.param()).contains("max_tokens");
    assertThat(e.type()).contains("invalid_request_error");
    assertThat(e).hasMessageContaining("512 tokens").hasMessageContaining("602");
  }

  @Test
  void aWrongKeyIsUnauthorized() {
    OpenAIClient stranger = client("v1", "sk-wrong", 0);
    UnauthorizedException e =
        catchThrowableOfType(
            UnauthorizedException.class, () -> stranger.completions().create(params().build()));

    assertThat(e.code()).contains("invalid_api_key");
    assertThat(e.headers().values("WWW-Authenticate")).isNotEmpty();
    stranger.close();
  }

  @Test
  void whatDoesNotExistSaysWhatToUse() {
    assertThatThrownBy(() -> client.completions().create(params().model("gpt-4").build()))
        .isInstanceOf(NotFoundException.class)
        .hasMessageContaining("gpt-4");
    assertThatThrownBy(
            () ->
                client
                    .chat()
                    .completions()
                    .create(
                        ChatCompletionCreateParams.builder()
                            .model("gpt2-fairytales")
                            .addUserMessage("Hello")
                            .build()))
        .isInstanceOf(BadRequestException.class)
        .hasMessageContaining("no chat template. Use POST /v1/completions");
    OpenAIClient lost = client("", "sk-test", 0);
    assertThatThrownBy(() -> lost.completions().create(params().build()))
        .isInstanceOf(NotFoundException.class)
        .hasMessageContaining("the client's base URL lacks /v1: use POST /v1/completions");
    lost.close();
  }

  @Test
  void aFullQueueIsARateLimitAndTriedAgainWhenTheServerSays() throws Exception {
    OpenAIClient patient = client("v1", "sk-test", 5);
    try (RawHttp crowd = server.connect()) {
      crowd.send(
          RawHttp.post("/v1/completions", EndlessCompletion.WHOLE).replace("Host:", KEY + "Host:"));
      server.awaitStatus(status -> status.running() == 2 && status.waiting() == 1);

      RateLimitException e =
          catchThrowableOfType(
              RateLimitException.class, () -> client.completions().create(params().build()));
      assertThat(e.code()).contains("queue_full");
      assertThat(e.headers().values("Retry-After")).containsExactly("1");

      double before = ended(Scrape.of(server, KEY), "queue_full");
      CompletableFuture<Completion> answer =
          CompletableFuture.supplyAsync(() -> patient.completions().create(params().build()));
      Scrape.await(server, KEY, scrape -> ended(scrape, "queue_full") > before);
      crowd.leave();
      assertThat(answer.get(60, TimeUnit.SECONDS).choices().get(0).text()).isEqualTo(KING);
    }
    patient.close();
  }

  private static CompletionCreateParams.Builder params() {
    return CompletionCreateParams.builder()
        .model("gpt2-fairytales")
        .prompt("The king")
        .maxTokens(15)
        .temperature(0);
  }
}
