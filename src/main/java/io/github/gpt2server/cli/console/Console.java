package io.github.gpt2server.cli.console;

import java.io.InputStream;
import java.io.PrintStream;

/**
 * The streams of a command.
 *
 * @param in standard input
 * @param out standard output, for results
 * @param err standard error, for progress and errors
 * @param terminal whether {@code err} is a terminal, on which a line can be overwritten
 */
public record Console(InputStream in, PrintStream out, PrintStream err, boolean terminal) {}
