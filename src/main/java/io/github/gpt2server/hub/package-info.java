/**
 * Sources of models: the one embedded in the jar, a folder in Hugging Face layout, or a Hugging
 * Face hub. The result is a folder with files, which {@code model.checkpoint} and {@code tokenizer}
 * read. {@code ModelFolder} and {@code ModelHub} are the entry points.
 */
package io.github.gpt2server.hub;
