package io.github.gpt2server.web.json;

import io.github.gpt2server.text.Excerpt;
import tools.jackson.databind.JsonNode;

/** The names of JSON values in messages. */
public final class JsonKind {
  private JsonKind() {}

  /** Names a JSON value as a client would. */
  public static String of(JsonNode node) {
    return switch (node.getNodeType()) {
      case STRING -> "the string \"" + Excerpt.of(node.stringValue()) + "\"";
      case NUMBER, BOOLEAN, NULL -> Excerpt.of(node.toString());
      case ARRAY -> "an array";
      default -> "an object";
    };
  }
}
