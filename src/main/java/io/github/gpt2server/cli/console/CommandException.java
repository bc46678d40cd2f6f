package io.github.gpt2server.cli.console;

/**
 * A failure of a command; the message is one sentence for the user: what is wrong, its value and
 * what to do.
 */
public class CommandException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public CommandException(String message) {
    super(message);
  }

  public CommandException(String message, Throwable cause) {
    super(message, cause);
  }
}
