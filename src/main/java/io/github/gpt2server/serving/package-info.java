/**
 * The model that is served, as endpoints, commands and operations see it: its id, engine, tokenizer
 * and limits. Empty until the model is loaded.
 */
package io.github.gpt2server.serving;
