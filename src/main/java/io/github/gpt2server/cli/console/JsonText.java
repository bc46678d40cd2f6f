package io.github.gpt2server.cli.console;

import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** JSON from files that people name to a command. */
public final class JsonText {
  private JsonText() {}

  /**
   * Parses a text.
   *
   * @param place where it stands, for the message
   * @throws CommandException if it is not JSON
   */
  public static JsonNode parse(String place, String json) {
    try {
      return JsonMapper.shared().readTree(json);
    } catch (JacksonException e) {
      throw new CommandException(
          "%s is not JSON (%s).".formatted(place, reason(e.getOriginalMessage())), e);
    }
  }

  /** The parser's reason, without places in its own buffers and lists of what JSON may hold. */
  private static String reason(String message) {
    return message
        .replaceFirst("(?s): was expecting \\(.*", "")
        .replaceAll(
            "(?s) ?\\((?:start marker at|for [^()]* starting at) \\[Source:.*?#?\\w+\\]\\)", "")
        .strip()
        .replaceAll("\\s+", " ");
  }
}
