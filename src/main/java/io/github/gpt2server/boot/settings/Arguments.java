package io.github.gpt2server.boot.settings;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * The arguments of the process: settings for Spring Boot, and perhaps a command with its own.
 *
 * @param settings options with a value whose name begins with a group of settings ({@code
 *     --gpt2.model=...}, {@code --server.port=...}), {@code --debug} and {@code --trace}, wherever
 *     they stand before {@code --}
 * @param command all others, in their order, those that nothing knows included
 */
public record Arguments(List<String> settings, List<String> command) {

  /** The first words of settings: of this server, of Spring Boot and of springdoc. */
  static final Set<String> GROUPS =
      Set.of("gpt2", "server", "spring", "logging", "management", "springdoc", "info");

  public static Arguments of(String... args) {
    List<String> settings = new ArrayList<>();
    List<String> command = new ArrayList<>();
    boolean optionsEnded = false;
    for (String arg : args) {
      optionsEnded |= arg.equals("--");
      (!optionsEnded && isSetting(arg) ? settings : command).add(arg);
    }
    return new Arguments(settings, command);
  }

  /** Returns whether there is more than settings; settings alone start the server. */
  public boolean hasCommand() {
    return command.stream().anyMatch(arg -> !arg.equals("--"));
  }

  private static boolean isSetting(String arg) {
    return arg.matches("--(debug|trace)(=.*)?") || (arg.contains("=") && isNameOfSetting(arg));
  }

  /** Returns whether an option, with a value or without, is named like a setting. */
  static boolean isNameOfSetting(String option) {
    String name = option.replaceFirst("=.*", "");
    int dot = name.indexOf('.');
    return name.startsWith("--") && dot >= 0 && GROUPS.contains(name.substring(2, dot));
  }
}
