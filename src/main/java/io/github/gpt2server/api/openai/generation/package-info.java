/**
 * What completions and chats have in common: the fields that control generation, and the events of
 * a generation as choices, whole or streamed.
 */
package io.github.gpt2server.api.openai.generation;
