package io.github.gpt2server.api.openai.chat;

import static io.github.gpt2server.testing.Refusals.assertInvalid;
import static io.github.gpt2server.testing.Refusals.assertModelNotFound;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.api.limit.MaxTokens;
import io.github.gpt2server.api.openai.structured.ModelConstraints;
import io.github.gpt2server.engine.request.SequenceRequest;
import io.github.gpt2server.serving.ChatSupport;
import io.github.gpt2server.serving.ServedModel;
import io.github.gpt2server.template.Template;
import io.github.gpt2server.testing.ApiLimitsFixture;
import io.github.gpt2server.testing.Refusals;
import io.github.gpt2server.testing.ServedModelFixture;
import io.github.gpt2server.tokenizer.Gpt2Tokenizer;
import io.github.gpt2server.web.error.ApiException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ChatValidatorTest {
  private static final String HELLO =
      "\"messages\": [{\"role\": \"user\", \"content\": \"Hello\"}]";

  /** Writes each message as [role:content], trimmed, and an end token. */
  private static final String TEMPLATE =
      "{% for m in messages %}[{{ m.role }}:{{ m.content | trim }}{{ m.name }}]{{ eos_token }}"
          + "{% if m.role == 'critic' %}{{ raise_exception('no critics') }}{% endif %}{% endfor %}"
          + "{{ tone }}{{ 'assistant:' if add_generation_prompt }}";

  private static Gpt2Tokenizer tokenizer;

  @BeforeAll
  static void load() {
    tokenizer = Gpt2Tokenizer.load(Path.of("models/gpt2-fairytales"));
  }

  @AfterAll
  static void close() {
    tokenizer.close();
  }

  @Test
  void rendersTheMessagesWithTheTemplate() {
    assertThat(prompt("{" + HELLO + "}")).isEqualTo("[user:Hello]<|endoftext|>assistant:");
    assertThat(
            prompt(
                "{\"messages\": [{\"role\": \"system\", \"content\": \" Be kind. \"}, {\"role\":"
                    + " \"user\", \"name\": \"Ann\", \"content\": [{\"type\": \"text\", \"text\":"
                    + " \"a\"}, {\"type\": \"text\", \"text\": \"b\"}]}],"
                    + " \"add_generation_prompt\": false, \"chat_template_kwargs\": {\"tone\":"
                    + " [1, {\"x\": null}, 1.5, true]}}"))
        .isEqualTo(
            "[system:Be kind.]<|endoftext|>[user:a\nbAnn]<|endoftext|>[1, {'x': None}, 1.5, True]");
  }

  @Test
  void specialTokensOfTheTemplateAndOfMessagesAreTokens() {
    String body =
        "{\"messages\": [{\"role\": \"user\", \"content\": \"a<|endoftext|>b\"}],"
            + " \"return_token_ids\": true}";

    assertThat(first(body).prompt()).contains(4095);
    assertThat(Arrays.stream(first(body).prompt()).filter(id -> id == 4095).count()).isEqualTo(2);
  }

  @Test
  void thePromptEndsWithTheLastMessageIfThatIsContinued() {
    assertThat(continued("Once upon ")).endsWith("[assistant:Once upon");
    assertThat(continued("Once upon")).endsWith("[assistant:Once upon");
    assertThat(continued("Hello")).isEqualTo("[user:Hello]<|endoftext|>[assistant:Hello");
    assertInvalid(
        () -> continued(" "),
        "continue_final_message",
        "continue_final_message needs a last message whose content the template writes unchanged;"
            + " send one that is not blank, or remove continue_final_message.");
  }

  @Test
  void trailingSpaceThatTheTemplateWritesIsKept() {
    ChatSupport verbatim =
        new ChatSupport(
            Template.parse("{% for m in messages %}<{{ m.content }}>{% endfor %}"),
            null,
            List.of(),
            Map.of(),
            false);
    String body =
        "{\"messages\": [{\"role\": \"assistant\", \"content\": \" Once \"}],"
            + " \"continue_final_message\": true}";

    assertThat(valid(verbatim, body).generation().prompts().get(0).text()).isEqualTo("< Once ");
  }

  @Test
  void theAnswerHasTheRoleThatThePromptEndsWith() {
    assertThat(valid("{" + HELLO + "}").role()).isEqualTo("assistant");
    assertThat(valid("{" + HELLO + ", \"add_generation_prompt\": false}").role()).isEqualTo("user");
    assertThat(valid("{" + HELLO + ", \"echo\": true}").beginning()).isEmpty();
    assertThat(
            valid("{" + HELLO + ", \"echo\": true, \"add_generation_prompt\": false}").beginning())
        .isEqualTo("Hello");
  }

  @Test
  void anAnswerMayFillTheRestOfTheContext() {
    SequenceRequest sequence = first("{" + HELLO + "}");

    assertThat(sequence.maxTokens()).isEqualTo(512 - sequence.prompt().length);
    assertThat(first("{" + HELLO + ", \"max_tokens\": 7}").maxTokens()).isEqualTo(7);
    assertThat(first("{" + HELLO + ", \"max_completion_tokens\": 8}").maxTokens()).isEqualTo(8);
    assertThat(
            first("{" + HELLO + ", \"max_tokens\": 9, \"max_completion_tokens\": 9}").maxTokens())
        .isEqualTo(9);
    assertRefused(
        "{" + HELLO + ", \"max_tokens\": 9, \"max_completion_tokens\": 8}",
        "max_completion_tokens",
        "max_completion_tokens is 8, but max_tokens, which means the same, is 9; remove one.");
    assertRefused(
        "{" + HELLO + ", \"max_completion_tokens\": 0}",
        "max_completion_tokens",
        "max_completion_tokens must be at least 1, but is 0.");
  }

  @Test
  void logprobsAreAskedForByTwoFields() {
    assertThat(first("{" + HELLO + "}").logprobs().wanted()).isFalse();
    assertThat(first("{" + HELLO + ", \"logprobs\": true}").logprobs().top()).isZero();
    assertThat(first("{" + HELLO + ", \"logprobs\": true}").logprobs().wanted()).isTrue();
    assertThat(first("{" + HELLO + ", \"logprobs\": true, \"top_logprobs\": 5}").logprobs().top())
        .isEqualTo(5);
    assertThat(first("{" + HELLO + ", \"top_logprobs\": 0}").logprobs().wanted()).isFalse();
    assertRefused(
        "{" + HELLO + ", \"top_logprobs\": 2}",
        "top_logprobs",
        "top_logprobs requires logprobs: true; set logprobs, or remove top_logprobs.");
    assertRefused(
        "{" + HELLO + ", \"logprobs\": true, \"top_logprobs\": 5000}",
        "top_logprobs",
        "top_logprobs must be between 0 and 4096, but is 5000.");
  }

  @Test
  void theTemplatesStopStringsComeAfterTheRequests() {
    ChatSupport chat =
        new ChatSupport(Template.parse("x"), null, List.of("\nUser:"), Map.of(), false);

    assertThat(
            valid(chat, "{" + HELLO + ", \"stop\": \"a\"}")
                .generation()
                .generation()
                .sequences()
                .get(0)
                .stopStrings())
        .containsExactly("a", "\nUser:");
  }

  @Test
  void choicesAreAsManyAsAskedFor() {
    assertThat(valid("{" + HELLO + ", \"n\": 3}").generation().generation().sequences()).hasSize(3);
    assertThat(valid("{" + HELLO + "}").generation().id()).startsWith("chatcmpl-");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {} | messages | messages is missing; send at least one message, such as {"role": "user", "content": "Hello"}.
          {"messages": []} | messages | messages is empty; send at least one message, such as {"role": "user", "content": "Hello"}.
          {"messages": "Hello"} | messages | messages must be an array, but is the string "Hello".
          {"messages": ["Hello"]} | messages[0] | messages[0] must be an object, but is the string "Hello".
          {"messages": [{"content": "a"}]} | messages | messages[0].role is missing; send system, user or assistant.
          {"messages": [{"role": "user"}]} | messages | messages[0].content is missing; send the message's text.
          {"messages": [{"role": "user", "content": 5}]} | messages | messages[0].content must be a string or an array of parts, but is 5.
          {"messages": [{"role": "user", "content": "a"}, {"role": "user", "content": ["a"]}]} | messages | messages[1].content[0] is no part; send {"type": "text", "text": "..."}.
          {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}]} | messages | messages[0].content[0] has the type image_url, but GPT-2 reads text only; send parts of the type text.
          {"messages": [{"role": "user", "content": [{"type": "text"}]}]} | messages | messages[0].content[0].text must be a string.
          {"messages": [{"role": "user", "contnet": "a"}]} | messages[0].contnet | messages[0].contnet is not a field of this endpoint; did you mean 'content'?
          {"messages": [{"role": "user", "content": "a", "tool_calls": [{}]}]} | messages[0].tool_calls | messages[0].tool_calls is an array, which is not supported here; remove it: GPT-2 does not call tools.
          {"messages": [{"role": "critic", "content": "a"}]} | messages | The chat template does not accept these messages: no critics.
          {"HELLO": 1, "tools": [{"type": "function"}]} | tools | tools is an array, which is not supported here; remove it: GPT-2 does not call tools.
          {"HELLO": 1, "functions": [{"name": "f"}]} | functions | functions is an array, which is not supported here; remove it: GPT-2 does not call functions.
          {"HELLO": 1, "prompt": "a"} | prompt | prompt is the string "a", which is not supported here; use messages, or POST /v1/completions for a prompt.
          {"HELLO": 1, "modalities": ["text", "audio"]} | modalities | modalities is an array, which is not supported here; remove it: GPT-2 reads and writes text only.
          {"HELLO": 1, "chat_template": "x"} | chat_template | chat_template is not allowed here; remove it to use the model's template, or start the server with gpt2.trust-request-chat-template=true.
          {"HELLO": 1, "chat_template_kwargs": 5} | chat_template_kwargs | chat_template_kwargs must be an object with the template's variables; send {"name": value}.
          {"HELLO": 1, "chat_template_kwargs": {"messages": []}} | chat_template_kwargs | chat_template_kwargs.messages is not allowed: it is set by the server or by a field of its own; remove it.
          {"HELLO": 1, "continue_final_message": true, "add_generation_prompt": true} | add_generation_prompt | add_generation_prompt begins a new answer, and continue_final_message continues the last message; remove one of them.
          {"HELLO": 1, "stream_options": {"include_usage": true}} | stream_options | stream_options requires stream: true; set stream, or remove stream_options.
          """)
  void whatIsWrongIsNamed(String body, String param, String message) {
    assertRefused(body.replace("\"HELLO\": 1", HELLO), param, message);
  }

  @Test
  void aLongConversationIsTooLong() {
    ApiException refusal =
        Refusals.refusal(
            () ->
                valid(
                    "{\"messages\": [{\"role\": \"user\", \"content\": \""
                        + "word ".repeat(600)
                        + "\"}]}"));

    assertThat(refusal.response().error().code()).isEqualTo("context_length_exceeded");
    assertThat(refusal.response().error().param()).isEqualTo("messages");
    for (String field : List.of("max_tokens", "max_completion_tokens")) {
      ApiException longer =
          Refusals.refusal(() -> valid("{" + HELLO + ", \"" + field + "\": 510}"));
      assertThat(longer.response().error().code()).isEqualTo("context_length_exceeded");
      assertThat(longer.response().error().param()).isEqualTo(field);
      assertThat(longer).hasMessageContaining("lower " + field + " or keep");
    }
  }

  @Test
  void withoutATemplateTheServerSaysSo() {
    assertInvalid(
        () -> valid(ChatSupport.none("This model has no chat template."), "{" + HELLO + "}"),
        null,
        "This model has no chat template.");
  }

  @Test
  void aRequestsTemplateIsUsedWhereThatIsAllowed() {
    assertThat(
            valid(trusting(), "{" + HELLO + ", \"chat_template\": \"<{{ messages[0].content }}>\"}")
                .generation()
                .prompts()
                .get(0)
                .text())
        .isEqualTo("<Hello>");
    assertInvalid(
        () -> valid(trusting(), "{" + HELLO + ", \"chat_template\": \"{% if %}\"}"),
        "chat_template",
        "chat_template is no chat template in Jinja: line 1: an expression is expected, but '%}'"
            + " comes.");
    assertInvalid(
        () ->
            valid(
                trusting(),
                "{"
                    + HELLO
                    + ", \"chat_template\": \"{% for i in range(99999) %}{{ 'a' * 999 }}{% endfor"
                    + " %}\"}"),
        "chat_template",
        "The chat template cannot render these messages: it makes texts and lists of more than"
            + " 1048616 characters. Send other messages, or use another template.");
  }

  @Test
  void anotherModelIsNotFound() {
    assertModelNotFound(() -> valid("{" + HELLO + ", \"model\": \"gpt-4\"}"));
  }

  private static ChatSupport trusting() {
    return new ChatSupport(Template.parse("x"), null, List.of("\nUser:"), Map.of(), true);
  }

  private static void assertRefused(String body, String param, String message) {
    assertInvalid(() -> valid(body), param, message);
  }

  private static String continued(String content) {
    return prompt(
        "{\"messages\": [{\"role\": \"user\", \"content\": \"Hello\"}, {\"role\": \"assistant\","
            + " \"content\": \""
            + content
            + "\"}], \"continue_final_message\": true}");
  }

  private static String prompt(String body) {
    return valid(body).generation().prompts().get(0).text();
  }

  private static SequenceRequest first(String body) {
    return valid(body).generation().generation().sequences().get(0);
  }

  private static ChatSpec valid(String body) {
    return valid(
        new ChatSupport(
            Template.parse(TEMPLATE), null, List.of(), Map.of("eos_token", "<|endoftext|>"), false),
        body);
  }

  private static ChatSpec valid(ChatSupport chat, String body) {
    ServedModel model = ServedModelFixture.of(tokenizer, chat);
    return new ChatValidator(
            model, ApiLimitsFixture.with(MaxTokens.DEFAULT), new ModelConstraints())
        .validate(Refusals.request(ChatRequest.class, body));
  }
}
