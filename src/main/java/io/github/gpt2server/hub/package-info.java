/**
 * Where a model comes from: the one embedded in the jar, or a folder in Hugging Face layout. Gives
 * a folder with files; what is in them is for {@code model} and {@code tokenizer} to read.
 */
package io.github.gpt2server.hub;
