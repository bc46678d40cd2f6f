package io.github.gpt2server.boot.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.gpt2server.boot.settings.Gpt2Properties;
import io.github.gpt2server.boot.settings.InvalidSettingException;
import io.github.gpt2server.serving.ChatSupport;
import io.github.gpt2server.template.RenderLimits;
import io.github.gpt2server.tokenizer.Gpt2Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

class ChatTemplateChoiceTest {
  private static final List<Map<String, Object>> MESSAGES =
      List.of(
          Map.of("role", "system", "content", "Be kind."),
          Map.of("role", "user", "content", " Hi \n"),
          Map.of("role", "assistant", "content", " Hello!"),
          Map.of("role", "user", "content", "Why?"));

  private static Gpt2Tokenizer tokenizer;

  @TempDir private Path folder;

  @BeforeAll
  static void load() {
    tokenizer = Gpt2Tokenizer.load(Path.of("models/gpt2-fairytales"));
  }

  @AfterAll
  static void close() {
    tokenizer.close();
  }

  @Test
  void aModelWithoutATemplateDoesNotChat() {
    ChatSupport chat = choose("none");

    assertThat(chat.template()).isNull();
    assertThat(chat.problem())
        .isEqualTo(
            "This model has no chat template. Use POST /v1/completions with the conversation as one"
                + " text, or start the server with gpt2.chat-template=plain or with the path of a"
                + " template.");
  }

  @Test
  void theModelsOwnIsInItsConfiguration() throws IOException {
    write("tokenizer_config.json", "{\"chat_template\": \"own {{ eos_token }}{{ bos_token }}\"}");

    assertThat(rendered(choose("none"), true)).isEqualTo("own <|endoftext|><|endoftext|>");
    assertThat(choose("none").stopStrings()).isEmpty();
  }

  @Test
  void amongNamedOnesItIsTheDefault() throws IOException {
    write(
        "tokenizer_config.json",
        "{\"chat_template\": [{\"name\": \"tool_use\", \"template\": \"tools\"}, {\"name\":"
            + " \"default\", \"template\": \"chats\"}]}");
    assertThat(rendered(choose("none"), true)).isEqualTo("chats");

    write(
        "tokenizer_config.json",
        "{\"chat_template\": [{\"name\": \"tool_use\", \"template\": \"tools\"}]}");
    assertThat(choose("none").template()).isNull();
    assertThat(choose("none").problem())
        .startsWith("This model's chat template cannot be used. Use POST /v1/completions");
  }

  @Test
  void aFileOfItsOwnComesFirst() throws IOException {
    write("tokenizer_config.json", "{\"chat_template\": \"configured\"}");
    write("chat_template.jinja", "file\n");

    assertThat(rendered(choose("none"), true)).isEqualTo("file");
  }

  @Test
  void aBrokenOneConcernsChatsAlone() throws IOException {
    write("chat_template.jinja", "a\n{% include 'b' %}");

    assertThat(choose("none").template()).isNull();
    assertThat(choose("none").problem())
        .startsWith(
            "This model's chat template cannot be used: line 2: the tag 'include' has no meaning in"
                + " a chat template, which is a single file. Use POST /v1/completions");
  }

  @Test
  void thePlainOneWritesLines() {
    ChatSupport plain = choose("plain");

    assertThat(rendered(plain, true))
        .isEqualTo("System: Be kind.\nUser: Hi\nAssistant: Hello!\nUser: Why?\nAssistant:");
    assertThat(rendered(plain, false))
        .isEqualTo("System: Be kind.\nUser: Hi\nAssistant: Hello!\nUser: Why?\n");
    assertThat(plain.stopStrings()).containsExactly("\nUser:", "\nAssistant:", "\nSystem:");
  }

  @Test
  void aFileOfTheSettingReplacesTheModelsOwn() throws IOException {
    write("tokenizer_config.json", "{\"chat_template\": \"own\"}");
    Path file = write("other.jinja", "other");

    assertThat(rendered(choose(file.toString()), true)).isEqualTo("other");
  }

  @Test
  void aFileThatCannotBeUsedStopsTheStart() throws IOException {
    Path broken = write("broken.jinja", "{{ 1");
    Path missing = folder.resolve("missing.jinja");

    assertRefused(broken, "line 1: a tag has no '}}'");
    assertRefused(missing, missing + " does not exist");
    assertRefused(folder, folder + " is a folder, not a file");
  }

  private void assertRefused(Path file, String reason) {
    assertThatExceptionOfType(InvalidSettingException.class)
        .isThrownBy(() -> choose(file.toString()))
        .withMessage(
            "gpt2.chat-template=%s is not allowed: use none, plain or the path of a chat template in Jinja (%s).",
            file, reason);
  }

  private ChatSupport choose(String setting) {
    Gpt2Properties properties =
        new Binder(new MapConfigurationPropertySource(Map.of("gpt2.chat-template", setting)))
            .bindOrCreate("gpt2", Gpt2Properties.class);
    return ChatTemplateChoice.of(properties, folder, tokenizer);
  }

  private static String rendered(ChatSupport chat, boolean addGenerationPrompt) {
    Map<String, Object> variables = new LinkedHashMap<>(chat.specialTokens());
    variables.put("messages", MESSAGES);
    variables.put("add_generation_prompt", addGenerationPrompt);
    return chat.template().render(variables, RenderLimits.of(100));
  }

  private Path write(String name, String text) throws IOException {
    return Files.writeString(folder.resolve(name), text);
  }
}
