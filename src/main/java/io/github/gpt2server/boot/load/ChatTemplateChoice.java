package io.github.gpt2server.boot.load;

import io.github.gpt2server.boot.settings.Gpt2Properties;
import io.github.gpt2server.boot.settings.InvalidSettingException;
import io.github.gpt2server.files.RegularFile;
import io.github.gpt2server.files.UnusableFileException;
import io.github.gpt2server.serving.ChatSupport;
import io.github.gpt2server.template.Template;
import io.github.gpt2server.template.TemplateException;
import io.github.gpt2server.tokenizer.ChatTemplateFile;
import io.github.gpt2server.tokenizer.Gpt2Tokenizer;
import io.github.gpt2server.tokenizer.TokenizerLoadException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Chooses the chat template: that of {@code gpt2.chat-template}, or else the model's own. */
final class ChatTemplateChoice {
  private static final Logger log = LoggerFactory.getLogger(ChatTemplateChoice.class);

  private static final String PROPERTY = "gpt2.chat-template";
  private static final String NONE = "none";
  private static final String PLAIN = "plain";

  private static final String REMEDY =
      " Use POST /v1/completions with the conversation as one text, or start the server with "
          + PROPERTY
          + "=plain or with the path of a template.";

  /** Beginnings of the lines that the plain template writes. */
  private static final List<String> PLAIN_STOPS = List.of("\nUser:", "\nAssistant:", "\nSystem:");

  private final Gpt2Properties properties;
  private final Map<String, String> specialTokens = new LinkedHashMap<>();

  private ChatTemplateChoice(Gpt2Properties properties, Gpt2Tokenizer tokenizer) {
    this.properties = properties;
    name("bos_token", tokenizer.beginning(), tokenizer);
    name("eos_token", tokenizer.endOfText(), tokenizer);
    name("unk_token", tokenizer.unknown(), tokenizer);
  }

  /**
   * The template for a model's chats.
   *
   * @param folder the model's folder
   * @throws InvalidSettingException if the setting names a template that cannot be used
   */
  static ChatSupport of(Gpt2Properties properties, Path folder, Gpt2Tokenizer tokenizer) {
    ChatTemplateChoice choice = new ChatTemplateChoice(properties, tokenizer);
    return switch (properties.chatTemplate()) {
      case NONE -> choice.ofModel(folder);
      case PLAIN -> choice.support(Template.parse(plain()), null, PLAIN_STOPS);
      default -> choice.ofSetting();
    };
  }

  private void name(String role, OptionalInt token, Gpt2Tokenizer tokenizer) {
    token.ifPresent(id -> specialTokens.put(role, tokenizer.decode(id)));
  }

  private ChatSupport support(Template template, String problem, List<String> stopStrings) {
    return new ChatSupport(
        template, problem, stopStrings, specialTokens, properties.trustRequestChatTemplate());
  }

  /** The model's own template. One that cannot be used concerns chats alone. */
  private ChatSupport ofModel(Path folder) {
    try {
      Optional<String> text = ChatTemplateFile.read(folder);
      return text.isPresent()
          ? support(Template.parse(text.get()), null, List.of())
          : support(null, "This model has no chat template." + REMEDY, List.of());
    } catch (TemplateException | TokenizerLoadException unusable) {
      log.warn("The model's chat template cannot be used: {}", unusable.getMessage());
      String reason = unusable instanceof TemplateException ? ": " + unusable.getMessage() : "";
      return support(
          null, "This model's chat template cannot be used" + reason + "." + REMEDY, List.of());
    }
  }

  private ChatSupport ofSetting() {
    String value = properties.chatTemplate();
    try {
      byte[] content = RegularFile.read(Path.of(value), 4 * Template.MAX_CHARACTERS);
      return support(Template.parse(new String(content, StandardCharsets.UTF_8)), null, List.of());
    } catch (TemplateException | UnusableFileException | InvalidPathException unusable) {
      throw notAllowed(value, unusable.getMessage());
    } catch (IOException unreadable) {
      throw notAllowed(value, "it cannot be read");
    }
  }

  private static InvalidSettingException notAllowed(String value, String reason) {
    return new InvalidSettingException(
        PROPERTY,
        value,
        "none, plain or the path of a chat template in Jinja (%s)".formatted(reason));
  }

  private static String plain() {
    try (InputStream in = ChatTemplateChoice.class.getResourceAsStream("/api/plain.jinja")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
