/**
 * The jar's commands: their table, {@code download} and {@code models} here, the larger ones in
 * packages of their own. Results go to standard output, everything else to standard error.
 */
package io.github.gpt2server.cli;
