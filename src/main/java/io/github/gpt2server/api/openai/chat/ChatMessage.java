package io.github.gpt2server.api.openai.chat;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.github.gpt2server.api.limit.FieldSection;
import io.swagger.v3.oas.annotations.media.Schema;
import tools.jackson.databind.JsonNode;

/** A message of a chat, as sent: every field may be null. */
@FieldSection("chat-message")
@Schema(name = "ChatMessage", description = "A message of a conversation.")
public record ChatMessage(
    @Schema(
            description =
                "The author: system, developer, user, assistant, tool, or what else the template"
                    + " takes.",
            requiredMode = Schema.RequiredMode.REQUIRED,
            example = "user")
        @JsonProperty("role")
        String role,
    @Schema(
            description =
                "The text, or an array of parts of the type text, which are joined by line breaks.",
            oneOf = {String.class, ChatMessage.Part[].class},
            requiredMode = Schema.RequiredMode.REQUIRED,
            example = "Tell me about the king.")
        @JsonProperty("content")
        JsonNode content,
    @Schema(description = "The author's name, for templates that write it.", nullable = true)
        @JsonProperty("name")
        String name,
    @Schema(
            description = "The id of the call that a message of a tool answers, for templates.",
            nullable = true)
        @JsonProperty("tool_call_id")
        String toolCallId) {

  /** A part of a message's content. */
  @Schema(name = "ChatTextPart")
  record Part(
      @Schema(allowableValues = "text") @JsonProperty("type") String type,
      @JsonProperty("text") String text) {}
}
