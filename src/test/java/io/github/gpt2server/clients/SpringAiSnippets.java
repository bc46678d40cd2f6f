package io.github.gpt2server.clients;

import java.util.List;
import java.util.stream.Stream;
import org.springframework.ai.chat.messages.SystemMessage;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.openai.OpenAiChatModel;
import org.springframework.ai.openai.OpenAiChatOptions;

/** The example with Spring AI, which {@link SnippetsIT} runs. */
final class SpringAiSnippets {

  private SpringAiSnippets() {}

  /** The answer, whole and streamed. */
  static List<String> answers(String baseUrl, String apiKey) {
    // snippet: spring-ai
    OpenAiChatModel model =
        OpenAiChatModel.builder()
            .options(
                OpenAiChatOptions.builder()
                    .baseUrl(baseUrl)
                    .apiKey(apiKey)
                    .model("gpt2-fairytales")
                    .maxTokens(12)
                    .temperature(0.0)
                    .build())
            .build();
    Prompt prompt =
        new Prompt(List.of(new SystemMessage("A tale of a king."), new UserMessage("Who was he?")));

    String answer = model.call(prompt).getResult().getOutput().getText();

    Stream<String> pieces =
        model.stream(prompt)
            .mapNotNull(response -> response.getResult())
            .mapNotNull(result -> result.getOutput().getText())
            .toStream();
    // end
    return List.of(answer, String.join("", pieces.toList()));
  }
}
