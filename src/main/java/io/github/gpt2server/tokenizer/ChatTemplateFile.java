package io.github.gpt2server.tokenizer;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/**
 * Reads the chat template of a model's folder: {@code chat_template.jinja}, or else the field
 * {@code chat_template} of {@code tokenizer_config.json}, a text or a list of named ones.
 */
public final class ChatTemplateFile {
  private static final String FILE = "chat_template.jinja";
  private static final String FIELD = "chat_template";

  /** The name of the template for chats without tools. */
  private static final String DEFAULT = "default";

  private ChatTemplateFile() {}

  /**
   * The template's text, or empty if the folder has none.
   *
   * @throws TokenizerLoadException if there are templates, but no usable one; the message is one
   *     sentence
   */
  public static Optional<String> read(Path folder) {
    Path file = folder.resolve(FILE);
    if (Files.exists(file)) {
      return Optional.of(new String(JsonFile.readBytes(file), StandardCharsets.UTF_8));
    }
    Path configuration = folder.resolve(AddedTokens.CONFIGURATION);
    JsonNode template = JsonFile.readIfPresent(configuration).path(FIELD);
    if (template.isMissingNode() || template.isNull()) {
      return Optional.empty();
    }
    if (template.isString()) {
      return Optional.of(template.stringValue());
    }
    List<String> names = new ArrayList<>();
    for (JsonNode each : template) {
      String name = each.path("name").asString("");
      if (name.equals(DEFAULT) && each.path("template").isString()) {
        return Optional.of(each.path("template").stringValue());
      }
      names.add(name);
    }
    throw new TokenizerLoadException(
        "%s has a %s without one that is named %s (it has %s)."
            .formatted(configuration, FIELD, DEFAULT, names));
  }
}
