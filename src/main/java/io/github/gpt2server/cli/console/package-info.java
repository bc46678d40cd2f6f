/** Output of the commands: tables, reports as text and JSON, progress. */
package io.github.gpt2server.cli.console;
