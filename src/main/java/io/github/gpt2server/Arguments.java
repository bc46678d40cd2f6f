package io.github.gpt2server;

import java.util.ArrayList;
import java.util.List;

/**
 * The arguments of the process: settings for Spring Boot, and perhaps a command with its own.
 *
 * @param settings options with a dot in their name ({@code --gpt2.model=...}), {@code --debug} and
 *     {@code --trace}, wherever they stand before {@code --}
 * @param command all others, in their order
 */
record Arguments(List<String> settings, List<String> command) {

  static Arguments of(String... args) {
    final List<String> settings = new ArrayList<>();
    final List<String> command = new ArrayList<>();
    boolean optionsEnded = false;
    for (final String arg : args) {
      optionsEnded |= arg.equals("--");
      (!optionsEnded && isSetting(arg) ? settings : command).add(arg);
    }
    return new Arguments(settings, command);
  }

  /** Whether a command, or help, is asked for; options alone start the server. */
  boolean hasCommand() {
    return command.stream()
        .anyMatch(arg -> !arg.startsWith("-") || arg.equals("--help") || arg.equals("-h"));
  }

  private static boolean isSetting(String arg) {
    return arg.equals("--debug") || arg.equals("--trace") || arg.matches("--[^=]*\\.[^=]*(=.*)?");
  }
}
