/**
 * Where a model comes from: the one embedded in the jar, a folder in Hugging Face layout, or a
 * Hugging Face hub. Gives a folder with files; what is in them is for {@code model.checkpoint} and
 * {@code tokenizer} to read. {@code ModelHub} is the face.
 */
package io.github.gpt2server.hub;
