package io.github.gpt2server.clients;

import dev.langchain4j.data.message.SystemMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.openai.OpenAiChatModel;
import dev.langchain4j.model.openai.OpenAiStreamingChatModel;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** The examples with LangChain4j, which {@link SnippetsIT} runs. */
final class LangChain4jSnippets {

  private LangChain4jSnippets() {}

  static String whole(String baseUrl, String apiKey) {
    // snippet: langchain4j
    OpenAiChatModel model =
        OpenAiChatModel.builder()
            .baseUrl(baseUrl)
            .apiKey(apiKey)
            .modelName("gpt2-fairytales")
            .maxTokens(12)
            .temperature(0.0)
            .build();

    String answer =
        model
            .chat(SystemMessage.from("A tale of a king."), UserMessage.from("Who was he?"))
            .aiMessage()
            .text();
    // end
    return answer;
  }

  static String streamed(String baseUrl, String apiKey) {
    // snippet: langchain4j-stream
    OpenAiStreamingChatModel model =
        OpenAiStreamingChatModel.builder()
            .baseUrl(baseUrl)
            .apiKey(apiKey)
            .modelName("gpt2-fairytales")
            .maxTokens(12)
            .temperature(0.0)
            .build();
    StringBuilder answer = new StringBuilder();
    CompletableFuture<ChatResponse> end = new CompletableFuture<>();

    model.chat(
        List.of(SystemMessage.from("A tale of a king."), UserMessage.from("Who was he?")),
        new StreamingChatResponseHandler() {
          @Override
          public void onPartialResponse(String text) {
            answer.append(text);
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
    end.join();
    // end
    return answer.toString();
  }
}
