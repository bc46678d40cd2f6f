package io.github.gpt2server.serving;

import io.github.gpt2server.template.Template;
import java.util.List;
import java.util.Map;

/**
 * The way in which chats become prompts of the served model.
 *
 * @param template writes a chat as one text, or null if the model has none that can be used
 * @param problem the sentence for clients where there is no template, else null
 * @param stopStrings strings that end an answer, because the template begins the next message so
 * @param specialTokens the texts of the tokenizer's special tokens, such as {@code eos_token}
 * @param requestTemplates whether a request may bring a template of its own
 */
public record ChatSupport(
    Template template,
    String problem,
    List<String> stopStrings,
    Map<String, String> specialTokens,
    boolean requestTemplates) {

  /** No chats. */
  public static ChatSupport none(String problem) {
    return new ChatSupport(null, problem, List.of(), Map.of(), false);
  }
}
