/**
 * Structured outputs: the fields that ask for a form of the text, which completions and chats
 * share, and the draw of a choice.
 */
package io.github.gpt2server.api.openai.structured;
