package io.github.gpt2server.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.within;

import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.http.StreamResponse;
import com.openai.errors.BadRequestException;
import com.openai.errors.NotFoundException;
import com.openai.models.completions.Completion;
import com.openai.models.completions.CompletionChoice;
import com.openai.models.completions.CompletionCreateParams;
import com.openai.models.embeddings.CreateEmbeddingResponse;
import com.openai.models.embeddings.Embedding;
import com.openai.models.embeddings.EmbeddingCreateParams;
import com.openai.models.embeddings.EmbeddingCreateParams.EncodingFormat;
import com.openai.models.models.Model;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What OpenAI's own Java client makes of this server. */
class OpenAiClientTest {
  private static final String KING = " was very angry, and said: \"I am the king of the land";

  private static LiveServer server;
  private static OpenAIClient client;

  @BeforeAll
  static void start() {
    server = new LiveServer("--gpt2.dtype=float32", "--gpt2.api-keys=sk-test");
    client =
        OpenAIOkHttpClient.builder()
            .baseUrl(server.base() + "v1")
            .apiKey("sk-test")
            .maxRetries(0)
            .build();
  }

  @AfterAll
  static void stop() {
    client.close();
    server.close();
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

  private static CompletionCreateParams.Builder params() {
    return CompletionCreateParams.builder()
        .model("gpt2-fairytales")
        .prompt("The king")
        .maxTokens(15)
        .temperature(0);
  }
}
