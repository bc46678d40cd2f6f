package io.github.gpt2server.api.openai.chat;

import io.github.gpt2server.api.request.PromptReader;
import io.github.gpt2server.text.Excerpt;
import io.github.gpt2server.web.error.ApiException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/**
 * The valid messages of a chat, oldest first; there is at least one.
 *
 * @param messages the messages as templates read them
 */
record Conversation(List<Map<String, Object>> messages) {
  private static final String FIELD = "messages";
  private static final String ROLE = "role";
  private static final String CONTENT = "content";

  /**
   * Checks the messages of a request.
   *
   * @throws ApiException 400, if there are none or one is invalid
   */
  static Conversation of(List<ChatMessage> sent) {
    if (sent == null || sent.isEmpty()) {
      throw ApiException.invalid(
          FIELD,
          "messages is %s; send at least one message, such as {\"role\": \"user\", \"content\":"
                  .formatted(sent == null ? "missing" : "empty")
              + " \"Hello\"}.");
    }
    List<Map<String, Object>> messages = new ArrayList<>();
    for (int i = 0; i < sent.size(); i++) {
      messages.add(message(FIELD + "[" + i + "]", sent.get(i)));
    }
    return new Conversation(messages);
  }

  private static Map<String, Object> message(String place, ChatMessage sent) {
    if (sent.role() == null || sent.role().isEmpty()) {
      throw ApiException.invalid(
          FIELD, place + ".role is missing; send system, user or assistant.");
    }
    Map<String, Object> message = new LinkedHashMap<>();
    message.put(ROLE, sent.role());
    message.put(CONTENT, content(place + ".content", sent.content()));
    if (sent.name() != null) {
      message.put("name", sent.name());
    }
    if (sent.toolCallId() != null) {
      message.put("tool_call_id", sent.toolCallId());
    }
    return message;
  }

  private static String content(String place, JsonNode sent) {
    if (sent == null) {
      throw ApiException.invalid(FIELD, place + " is missing; send the message's text.");
    }
    String text;
    if (sent.isString()) {
      text = sent.stringValue();
    } else if (sent.isArray()) {
      List<String> parts = new ArrayList<>();
      for (int i = 0; i < sent.size(); i++) {
        parts.add(part(place + "[" + i + "]", sent.get(i)));
      }
      text = String.join("\n", parts);
    } else {
      throw ApiException.invalid(
          FIELD,
          place
              + " must be a string or an array of parts, but is "
              + Excerpt.of(sent.toString())
              + ".");
    }
    PromptReader.requireUnicode(FIELD, text);
    return text;
  }

  private static String part(String place, JsonNode part) {
    String type = part.path("type").asString("");
    if (!part.isObject() || type.isEmpty()) {
      throw ApiException.invalid(
          FIELD, place + " is no part; send {\"type\": \"text\", \"text\": \"...\"}.");
    }
    if (!type.equals("text")) {
      throw ApiException.invalid(
          FIELD,
          "%s has the type %s, but GPT-2 reads text only; send parts of the type text."
              .formatted(place, Excerpt.of(type)));
    }
    if (!part.path("text").isString()) {
      throw ApiException.invalid(FIELD, place + ".text must be a string.");
    }
    return part.path("text").stringValue();
  }

  /** The role of the last message. */
  String lastRole() {
    return (String) last().get(ROLE);
  }

  /** The content of the last message. */
  String lastContent() {
    return (String) last().get(CONTENT);
  }

  /** The number of UTF-16 units of all contents. */
  long characters() {
    return messages.stream().mapToLong(each -> ((String) each.get(CONTENT)).length()).sum();
  }

  private Map<String, Object> last() {
    return messages.get(messages.size() - 1);
  }
}
