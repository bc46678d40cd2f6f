package io.github.gpt2server.clients;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.langchain4j.data.embedding.Embedding;
import dev.langchain4j.data.segment.TextSegment;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.exception.LangChain4jException;
import dev.langchain4j.exception.ModelNotFoundException;
import dev.langchain4j.exception.RateLimitException;
import dev.langchain4j.model.StreamingResponseHandler;
import dev.langchain4j.model.openai.OpenAiChatModel;
import dev.langchain4j.model.openai.OpenAiEmbeddingModel;
import dev.langchain4j.model.openai.OpenAiLanguageModel;
import dev.langchain4j.model.openai.OpenAiStreamingLanguageModel;
import dev.langchain4j.model.output.FinishReason;
import dev.langchain4j.model.output.Response;
import io.github.gpt2server.testing.EndlessCompletion;
import io.github.gpt2server.testing.LiveServer;
import io.github.gpt2server.testing.OwnServer;
import io.github.gpt2server.testing.RawHttp;
import io.github.gpt2server.testing.Scrape;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.Test;

/**
 * What LangChain4j makes of this server. Its language models cannot say how many tokens they want:
 * the server's default decides.
 */
@OwnServer({
  "--gpt2.dtype=float32",
  "--gpt2.default-max-tokens=15",
  "--gpt2.max-sequences=2",
  "--gpt2.max-queue=1"
})
class LangChain4jIT {
  private static final String KING = " was very angry, and said: \"I am the king of the land";

  private static LiveServer server;

  @Test
  void aLanguageModelWritesAsMuchAsTheServerSays() {
    Response<String> response = languageModel("gpt2-fairytales").generate("The king");

    assertThat(response.content()).isEqualTo(KING);
    assertThat(response.tokenUsage().inputTokenCount()).isEqualTo(2);
    assertThat(response.tokenUsage().outputTokenCount()).isEqualTo(15);
    assertThat(response.finishReason()).isEqualTo(FinishReason.LENGTH);
  }

  @Test
  void aStreamingLanguageModelToo() throws Exception {
    Streamed streamed = stream("gpt2-fairytales", "The king");
    Response<String> response = streamed.end.get(60, TimeUnit.SECONDS);

    assertThat(String.join("", streamed.pieces)).isEqualTo(KING);
    assertThat(streamed.pieces).hasSizeGreaterThan(5);
    assertThat(response.content()).isEqualTo(KING);
    assertThat(response.tokenUsage().outputTokenCount()).isEqualTo(15);
  }

  @Test
  void manySegmentsAreEmbeddedInBatches() throws Exception {
    double before = embeddings(Scrape.of(server));
    List<TextSegment> segments =
        IntStream.range(0, 100)
            .mapToObj(i -> TextSegment.from(i == 70 ? "The king was very angry." : "Tale " + i))
            .toList();
    OpenAiEmbeddingModel model =
        OpenAiEmbeddingModel.builder()
            .baseUrl(server.base() + "v1")
            .apiKey("none")
            .modelName("gpt2-fairytales")
            .maxSegmentsPerBatch(32)
            .maxRetries(0)
            .build();

    List<Embedding> all = model.embedAll(segments).content();

    assertThat(all).hasSize(100).allSatisfy(one -> assertThat(one.dimension()).isEqualTo(320));
    // The first of embeddings.json's.
    assertThat(all.get(70).vector()[10]).isCloseTo(0.040438f, within(1e-5f));
    Scrape.await(server, scrape -> embeddings(scrape) == before + 4);
  }

  @Test
  void whatIsWrongIsAnExceptionOfItsKind() throws Exception {
    assertRejected("gpt2-fairytales", "word ".repeat(600), InvalidRequestException.class)
        .hasMessageContaining("512 tokens");
    assertRejected("gpt-4", "The king", ModelNotFoundException.class).hasMessageContaining("gpt-4");
  }

  @Test
  void aFullQueueIsARateLimit() throws Exception {
    try (RawHttp crowd = server.connect()) {
      crowd.send(RawHttp.post("/v1/completions", EndlessCompletion.WHOLE));
      server.awaitStatus(status -> status.running() == 2 && status.waiting() == 1);

      assertRejected("gpt2-fairytales", "The king", RateLimitException.class)
          .hasMessageContaining("The queue is full");
    }
    server.awaitStatus(status -> status.running() == 0 && status.waiting() == 0);
  }

  @Test
  void aChatWithoutATemplateHearsWhatToUse() {
    OpenAiChatModel model =
        OpenAiChatModel.builder()
            .baseUrl(server.base() + "v1")
            .apiKey("none")
            .modelName("gpt2-fairytales")
            .maxRetries(0)
            .build();

    assertThatThrownBy(() -> model.chat("Hello"))
        .isInstanceOf(InvalidRequestException.class)
        .hasMessageContaining("no chat template. Use POST /v1/completions");
  }

  /** By both models, whole and streamed. */
  private static AbstractThrowableAssert<?, ? extends Throwable> assertRejected(
      String model, String prompt, Class<? extends LangChain4jException> kind) {
    assertThatThrownBy(() -> stream(model, prompt).end.get(60, TimeUnit.SECONDS))
        .hasCauseInstanceOf(kind);
    return assertThatThrownBy(() -> languageModel(model).generate(prompt)).isInstanceOf(kind);
  }

  private static OpenAiLanguageModel languageModel(String name) {
    return OpenAiLanguageModel.builder()
        .baseUrl(server.base() + "v1")
        .apiKey("none")
        .modelName(name)
        .temperature(0.0)
        .maxRetries(0)
        .build();
  }

  private static Streamed stream(String name, String prompt) {
    Streamed streamed = new Streamed();
    OpenAiStreamingLanguageModel.builder()
        .baseUrl(server.base() + "v1")
        .apiKey("none")
        .modelName(name)
        .temperature(0.0)
        .build()
        .generate(prompt, streamed);
    return streamed;
  }

  private static double embeddings(Scrape scrape) {
    return scrape.value("gpt2_requests_total", "operation", "embeddings", "outcome", "success");
  }

  /** What a stream brought, and how it ended. */
  private static final class Streamed implements StreamingResponseHandler<String> {
    private final List<String> pieces = new ArrayList<>();
    private final CompletableFuture<Response<String>> end = new CompletableFuture<>();

    @Override
    public void onNext(String piece) {
      pieces.add(piece);
    }

    @Override
    public void onComplete(Response<String> response) {
      end.complete(response);
    }

    @Override
    public void onError(Throwable error) {
      end.completeExceptionally(error);
    }
  }
}
