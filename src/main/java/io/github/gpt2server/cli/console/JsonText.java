package io.github.gpt2server.cli.console;

import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** JSON from files given to a command. */
public final class JsonText {
  private JsonText() {}

  /**
   * Parses a text.
   *
   * @param place the file and line, for the message
   * @throws CommandException if the text is not JSON
   */
  public static JsonNode parse(String place, String json) {
    try {
      return JsonMapper.shared().readTree(json);
    } catch (JacksonException e) {
      throw new CommandException(
          "%s is not JSON (%s).".formatted(place, reason(e.getOriginalMessage())), e);
    }
  }

  /** Shortens the parser's message: no positions in its buffers, no lists of what JSON allows. */
  private static String reason(String message) {
    return message
        .replaceFirst("(?s): was expecting \\(.*", "")
        .replaceAll(
            "(?s) ?\\((?:start marker at|for [^()]* starting at) \\[Source:.*?#?\\w+\\]\\)", "")
        .strip()
        .replaceAll("\\s+", " ");
  }
}
