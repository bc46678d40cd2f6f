package io.github.gpt2server.api.openai.chat;

import io.github.gpt2server.api.limit.RequestMemory;
import io.github.gpt2server.memory.MemoryBudget;
import io.github.gpt2server.memory.MemoryUse;
import io.github.gpt2server.serving.ChatSupport;
import io.github.gpt2server.template.RenderLimits;
import io.github.gpt2server.template.Template;
import io.github.gpt2server.template.TemplateException;
import io.github.gpt2server.template.TemplateRefusalException;
import io.github.gpt2server.text.Excerpt;
import io.github.gpt2server.web.error.ApiException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Renders conversations as prompts. */
final class ChatPrompt {
  private static final String TEMPLATE_FIELD = "chat_template";
  private static final String KWARGS_FIELD = "chat_template_kwargs";
  private static final String ADD_GENERATION_PROMPT = "add_generation_prompt";

  /** The longest reason of a template that a message shows, in code points. */
  private static final int MAX_REASON = 500;

  /** Bytes that a parsed template takes for each of its characters. */
  private static final int TEMPLATE_BYTES = 200;

  /** Variables that a request sets by fields of its own. */
  private static final Set<String> RESERVED =
      Set.of(
          "messages",
          ADD_GENERATION_PROMPT,
          "continue_final_message",
          TEMPLATE_FIELD,
          "tools",
          "documents",
          "bos_token",
          "eos_token",
          "unk_token");

  private final ChatSupport chat;

  ChatPrompt(ChatSupport chat) {
    this.chat = chat;
  }

  /**
   * The prompt of a request.
   *
   * @param addGenerationPrompt whether the template writes the beginning of the answer
   * @throws ApiException 400, if there is no template, or it cannot render these messages
   */
  String render(ChatRequest request, Conversation conversation, boolean addGenerationPrompt) {
    MemoryBudget.Reservation memory = RequestMemory.current().of(MemoryUse.TEXTS);
    long before = memory.bytes();
    try {
      Template template = template(request.chatTemplate(), memory);
      Map<String, Object> variables = variables(request.chatTemplateKwargs());
      variables.put("messages", conversation.messages());
      variables.put(ADD_GENERATION_PROMPT, addGenerationPrompt);
      variables.put("tools", null);
      variables.put("documents", null);
      RenderLimits limits = RenderLimits.of(conversation.characters());
      memory.resize(memory.bytes() + Character.BYTES * limits.characters());
      String text = template.render(variables, limits);
      return isTrue(request.continueFinalMessage()) ? cut(text, conversation.lastContent()) : text;
    } catch (TemplateRefusalException refused) {
      throw ApiException.invalid(
          "messages",
          "The chat template does not accept these messages: "
              + Excerpt.beginning(refused.getMessage(), MAX_REASON)
              + (refused.getMessage().endsWith(".") ? "" : "."));
    } catch (TemplateException impossible) {
      throw ApiException.invalid(
          request.chatTemplate() == null ? "messages" : TEMPLATE_FIELD,
          "The chat template cannot render these messages: "
              + Excerpt.beginning(impossible.getMessage(), MAX_REASON)
              + ". Send other messages, or use another template.");
    } finally {
      memory.resize(before);
    }
  }

  private Template template(String sent, MemoryBudget.Reservation memory) {
    if (sent != null) {
      if (!chat.requestTemplates()) {
        throw ApiException.invalid(
            TEMPLATE_FIELD,
            "chat_template is not allowed here; remove it to use the model's template, or start the"
                + " server with gpt2.trust-request-chat-template=true.");
      }
      memory.resize(memory.bytes() + (long) TEMPLATE_BYTES * sent.length());
      try {
        return Template.parse(sent);
      } catch (TemplateException broken) {
        throw ApiException.invalid(
            TEMPLATE_FIELD,
            "chat_template is no chat template in Jinja: " + broken.getMessage() + ".");
      }
    }
    if (chat.template() == null) {
      throw ApiException.invalid(null, chat.problem());
    }
    return chat.template();
  }

  /** The variables of a template besides the conversation. */
  private Map<String, Object> variables(JsonNode kwargs) {
    Map<String, Object> variables = new LinkedHashMap<>(chat.specialTokens());
    if (kwargs == null) {
      return variables;
    }
    if (!kwargs.isObject()) {
      throw ApiException.invalid(
          KWARGS_FIELD,
          "chat_template_kwargs must be an object with the template's variables; send {\"name\":"
              + " value}.");
    }
    for (Map.Entry<String, JsonNode> entry : kwargs.properties()) {
      if (RESERVED.contains(entry.getKey())) {
        throw ApiException.invalid(
            KWARGS_FIELD,
            "chat_template_kwargs."
                + entry.getKey()
                + " is not allowed: it is set by the server or by a field of its own; remove it.");
      }
      variables.put(entry.getKey(), plain(entry.getValue()));
    }
    return variables;
  }

  private static Object plain(JsonNode node) {
    if (node.isIntegralNumber() && !node.canConvertToLong()) {
      return node.doubleValue();
    }
    if (node.isObject()) {
      Map<String, Object> map = new LinkedHashMap<>();
      node.properties().forEach(entry -> map.put(entry.getKey(), plain(entry.getValue())));
      return map;
    }
    if (node.isArray()) {
      return new ArrayList<>(node.values().stream().map(ChatPrompt::plain).toList());
    }
    return JsonMapper.shared().convertValue(node, Object.class);
  }

  /**
   * The text up to the end of the last message, as Hugging Face transformers cuts it: without the
   * white space at its end if the template removes that.
   */
  private static String cut(String text, String lastContent) {
    String content = lastContent.strip();
    int at = text.lastIndexOf(content);
    if (content.isEmpty() || at < 0) {
      throw ApiException.invalid(
          "continue_final_message",
          "continue_final_message needs a last message whose content the template writes"
              + " unchanged; send one that is not blank, or remove continue_final_message.");
    }
    String whole = lastContent.stripLeading();
    return text.startsWith(whole, at)
        ? text.substring(0, at + whole.length())
        : text.substring(0, at + content.length());
  }

  private static boolean isTrue(Boolean value) {
    return value != null && value;
  }
}
