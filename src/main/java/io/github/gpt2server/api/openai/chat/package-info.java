/**
 * {@code POST /v1/chat/completions}: renders a conversation with a chat template, generates as
 * completions do, and answers in OpenAI's shape of chats.
 */
package io.github.gpt2server.api.openai.chat;
