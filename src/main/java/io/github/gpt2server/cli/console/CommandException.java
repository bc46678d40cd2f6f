package io.github.gpt2server.cli.console;

/** A command cannot do what it was told; the message is one sentence for people. */
public class CommandException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Names what is wrong, its value and what to do. */
  public CommandException(String message) {
    super(message);
  }

  /** The same, and keeps the cause for the log. */
  public CommandException(String message, Throwable cause) {
    super(message, cause);
  }
}
