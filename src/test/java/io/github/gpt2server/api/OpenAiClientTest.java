package io.github.gpt2server.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.http.StreamResponse;
import com.openai.errors.BadRequestException;
import com.openai.errors.NotFoundException;
import com.openai.models.completions.Completion;
import com.openai.models.completions.CompletionChoice;
import com.openai.models.completions.CompletionCreateParams;
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
