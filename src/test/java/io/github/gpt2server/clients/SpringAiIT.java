package io.github.gpt2server.clients;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.openai.errors.NotFoundException;
import io.github.gpt2server.testing.LiveServer;
import io.github.gpt2server.testing.SharedServer;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.ai.embedding.EmbeddingResponse;
import org.springframework.ai.openai.OpenAiEmbeddingModel;
import org.springframework.ai.openai.OpenAiEmbeddingOptions;

/** What Spring AI makes of this server's embeddings; {@link ChatClientsIT} has its chats. */
@SharedServer
class SpringAiIT {
  private static LiveServer server;

  @Test
  void embeds() {
    OpenAiEmbeddingModel model = model("v1");
    EmbeddingResponse response = model.embedForResponse(List.of("The king was very angry.", "A"));

    assertThat(response.getResults()).hasSize(2);
    assertThat(response.getMetadata().getModel()).isEqualTo("gpt2-fairytales");
    assertThat(response.getMetadata().getUsage().getPromptTokens()).isEqualTo(7);
    float[] first = response.getResults().get(0).getOutput();
    assertThat(first).hasSize(320);
    // The first of embeddings.json's.
    assertThat(first[10]).isCloseTo(0.040438f, within(1e-5f));
    assertThat(model.embed("A")).isEqualTo(response.getResults().get(1).getOutput());
    assertThat(model.dimensions()).isEqualTo(320);
  }

  /** Spring AI 1.x adds /v1 itself and so wants a base URL without; 2.x wants one with it. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          '' | the client's base URL lacks /v1: use POST /v1/embeddings
          v1/v1 | the client's base URL must not have /v1, which it adds itself: use POST /v1/embeddings
          """)
  void anotherBaseUrlIsNotFoundAndSaysWhatToSet(String base, String advice) {
    assertThatThrownBy(() -> model(base).embed("A"))
        .isInstanceOf(NotFoundException.class)
        .hasMessageContaining(advice);
  }

  private static OpenAiEmbeddingModel model(String base) {
    return OpenAiEmbeddingModel.builder()
        .options(
            OpenAiEmbeddingOptions.builder()
                .baseUrl(server.base() + base)
                .apiKey("none")
                .model("gpt2-fairytales")
                .maxRetries(0)
                .build())
        .build();
  }
}
