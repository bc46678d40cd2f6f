package io.github.gpt2server.cli.console;

import java.io.InputStream;
import java.io.PrintStream;

/**
 * The streams of a command.
 *
 * @param in for what is piped into it
 * @param out for its results
 * @param err for progress and errors
 * @param terminal whether somebody watches {@code err}, so that a line may be overwritten
 */
public record Console(InputStream in, PrintStream out, PrintStream err, boolean terminal) {}
