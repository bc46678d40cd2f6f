package io.github.gpt2server.clients;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.http.StreamResponse;
import com.openai.errors.BadRequestException;
import com.openai.helpers.ChatCompletionAccumulator;
import com.openai.models.chat.completions.ChatCompletion;
import com.openai.models.chat.completions.ChatCompletionChunk;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.chat.completions.ChatCompletionTokenLogprob;
import dev.langchain4j.data.message.SystemMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.openai.OpenAiChatModel;
import dev.langchain4j.model.openai.OpenAiStreamingChatModel;
import dev.langchain4j.model.output.FinishReason;
import io.github.gpt2server.testing.LiveServer;
import io.github.gpt2server.testing.OwnServer;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.openai.OpenAiChatOptions;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What chat clients for Java make of this server. */
@OwnServer({"--gpt2.dtype=float32", "--gpt2.chat-template=plain"})
class ChatClientsIT {
  private static final String SYSTEM = "A tale of a king.";
  private static final String QUESTION = "Who was he?";

  private static LiveServer server;

  /** The completion of the same prompt. */
  private static JsonNode same;

  @BeforeAll
  static void complete() throws IOException {
    same =
        server
            .ask(
                "/v1/completions",
                JsonMapper.shared()
                    .createObjectNode()
                    .put("prompt", "System: A tale of a king.\nUser: Who was he?\nAssistant:")
                    .put("max_tokens", 12)
                    .put("temperature", 0)
                    .put("logprobs", 0)
                    .toString())
            .at("/choices/0");
  }

  @Test
  void openAiAnswersWholeWithLogprobs() {
    try (Closing client = new Closing(openAi())) {
      ChatCompletion answer =
          client.get().chat().completions().create(params().logprobs(true).topLogprobs(2).build());

      ChatCompletion.Choice choice = answer.choices().get(0);
      assertThat(choice.message().content()).contains(text());
      assertThat(choice.finishReason()).isEqualTo(ChatCompletion.Choice.FinishReason.LENGTH);
      assertThat(answer.usage().orElseThrow().completionTokens()).isEqualTo(12);
      List<ChatCompletionTokenLogprob> tokens =
          choice.logprobs().orElseThrow().content().orElseThrow();
      assertThat(tokens).hasSize(12);
      assertThat(tokens.get(3).token()).isEqualTo(same.at("/logprobs/tokens/3").stringValue());
      assertThat(tokens.get(3).logprob())
          .isCloseTo(same.at("/logprobs/token_logprobs/3").doubleValue(), within(1e-6));
      assertThat(tokens.get(3).topLogprobs()).hasSize(2);
      answer.validate();
    }
  }

  @Test
  void openAiStreams() {
    try (Closing client = new Closing(openAi());
        StreamResponse<ChatCompletionChunk> chunks =
            client.get().chat().completions().createStreaming(params().build())) {
      ChatCompletionAccumulator all = ChatCompletionAccumulator.create();
      chunks.stream().forEach(all::accumulate);

      assertThat(all.chatCompletion().choices().get(0).message().content()).contains(text());
    }
  }

  @Test
  void openAiHearsWhatIsWrong() {
    try (Closing client = new Closing(openAi())) {
      assertThatThrownBy(
              () ->
                  client
                      .get()
                      .chat()
                      .completions()
                      .create(params().maxCompletionTokens(600).build()))
          .isInstanceOf(BadRequestException.class)
          .hasMessageContaining("512 tokens");
    }
  }

  @Test
  void langChain4jAnswersWhole() {
    ChatResponse answer =
        langChain4j(12).chat(SystemMessage.from(SYSTEM), UserMessage.from(QUESTION));

    assertThat(answer.aiMessage().text()).isEqualTo(text());
    assertThat(answer.finishReason()).isEqualTo(FinishReason.LENGTH);
    assertThat(answer.tokenUsage().outputTokenCount()).isEqualTo(12);
  }

  @Test
  void langChain4jStreams() throws Exception {
    StringBuilder streamed = new StringBuilder();
    CompletableFuture<ChatResponse> end = new CompletableFuture<>();
    OpenAiStreamingChatModel.builder()
        .baseUrl(server.base() + "v1")
        .apiKey("none")
        .modelName("gpt2-fairytales")
        .temperature(0.0)
        .maxTokens(12)
        .build()
        .chat(
            List.of(SystemMessage.from(SYSTEM), UserMessage.from(QUESTION)),
            new StreamingChatResponseHandler() {
              @Override
              public void onPartialResponse(String piece) {
                streamed.append(piece);
              }

              @Override
              public void onCompleteResponse(ChatResponse response) {
                end.complete(response);
              }

              @Override
              public void onError(Throwable error) {
                end.completeExceptionally(error);
              }
            });

    assertThat(end.get(60, TimeUnit.SECONDS).aiMessage().text()).isEqualTo(text());
    assertThat(streamed).hasToString(text());
  }

  @Test
  void langChain4jHearsWhatIsWrong() {
    OpenAiChatModel model = langChain4j(600);

    assertThatThrownBy(() -> model.chat(QUESTION))
        .isInstanceOf(InvalidRequestException.class)
        .hasMessageContaining("512 tokens");
  }

  @Test
  void springAiAnswersWholeAndStreams() {
    org.springframework.ai.openai.OpenAiChatModel model = springAi(12);
    Prompt prompt =
        new Prompt(
            List.of(
                new org.springframework.ai.chat.messages.SystemMessage(SYSTEM),
                new org.springframework.ai.chat.messages.UserMessage(QUESTION)));

    org.springframework.ai.chat.model.ChatResponse answer = model.call(prompt);
    String streamed =
        model.stream(prompt)
            .mapNotNull(each -> each.getResult())
            .mapNotNull(each -> each.getOutput().getText())
            .collect(Collectors.joining())
            .block();

    assertThat(answer.getResult().getOutput().getText()).isEqualTo(text());
    assertThat(answer.getResult().getMetadata().getFinishReason()).isEqualTo("LENGTH");
    assertThat(answer.getMetadata().getUsage().getCompletionTokens()).isEqualTo(12);
    assertThat(streamed).isEqualTo(text());
  }

  @Test
  void springAiHearsWhatIsWrong() {
    Prompt prompt = new Prompt(QUESTION);

    assertThatThrownBy(() -> springAi(600).call(prompt))
        .isInstanceOf(BadRequestException.class)
        .hasMessageContaining("512 tokens");
  }

  private static org.springframework.ai.openai.OpenAiChatModel springAi(int maxTokens) {
    return org.springframework.ai.openai.OpenAiChatModel.builder()
        .options(
            OpenAiChatOptions.builder()
                .baseUrl(server.base() + "v1")
                .apiKey("none")
                .model("gpt2-fairytales")
                .temperature(0.0)
                .maxTokens(maxTokens)
                .maxRetries(0)
                .build())
        .build();
  }

  private static OpenAiChatModel langChain4j(int maxTokens) {
    return OpenAiChatModel.builder()
        .baseUrl(server.base() + "v1")
        .apiKey("none")
        .modelName("gpt2-fairytales")
        .temperature(0.0)
        .maxTokens(maxTokens)
        .maxRetries(0)
        .build();
  }

  private static ChatCompletionCreateParams.Builder params() {
    return ChatCompletionCreateParams.builder()
        .model("gpt2-fairytales")
        .addSystemMessage(SYSTEM)
        .addUserMessage(QUESTION)
        .temperature(0)
        .maxCompletionTokens(12);
  }

  private static OpenAIClient openAi() {
    return OpenAIOkHttpClient.builder()
        .baseUrl(server.base() + "v1")
        .apiKey("none")
        .maxRetries(0)
        .build();
  }

  private static String text() {
    return same.get("text").stringValue();
  }

  /** Closes OpenAI's client, which is not AutoCloseable. */
  private record Closing(OpenAIClient get) implements AutoCloseable {
    @Override
    public void close() {
      get.close();
    }
  }
}
