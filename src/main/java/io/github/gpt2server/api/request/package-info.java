/**
 * Checks that several endpoints share, and prompts as texts or token ids. A validator calls these;
 * what they return is valid.
 */
package io.github.gpt2server.api.request;
