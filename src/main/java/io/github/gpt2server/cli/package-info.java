/**
 * What runs without the web server: one class for each command, and what they share to read files
 * and to tell what they found. Results go to standard output, everything else to standard error.
 * Talks to {@code analysis} and {@code engine}, or to {@code hub} alone; the model comes from the
 * start-up code through {@link io.github.gpt2server.cli.engine.ModelSource}, what else the settings say as
 * {@link io.github.gpt2server.cli.CommandSettings}.
 */
package io.github.gpt2server.cli;
