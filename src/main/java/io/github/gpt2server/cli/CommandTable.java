package io.github.gpt2server.cli;

import io.github.gpt2server.cli.console.Console;
import io.github.gpt2server.cli.engine.ModelSource;
import io.github.gpt2server.cli.evaluate.EvaluateCommand;
import io.github.gpt2server.cli.verify.VerifyCommand;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * The commands and their common options. Exit codes: 0 for success, 1 for a failure, 2 for invalid
 * arguments; the caller maps exceptions to codes of its own.
 */
@Command(
    name = "gpt2-server",
    description = "Serve a GPT-2 model over HTTP, or run a command and exit.",
    synopsisHeading = "Usage: java -jar ",
    customSynopsis = "gpt2-server.jar [--gpt2.SETTING=VALUE...] [COMMAND]",
    footerHeading = "%nSettings, with a value after an equals sign:%n",
    footer = {
      "  --gpt2.model=MODEL         embedded (default), a folder in Hugging Face",
      "                               layout, or a hub's id such as",
      "                               openai-community/gpt2.",
      "  --gpt2.device=DEVICE       auto (default), cpu, cuda or cuda:N.",
      "  --gpt2.dtype=TYPE          auto (default), float32, bfloat16, float16, int8.",
      "  --gpt2.max-sequences=N     Sequences that run at once. Default: 32.",
      "  --gpt2.api-keys=KEY,...    API keys that clients must send. Default: none;",
      "                               requests need no key.",
      "  --gpt2.hub.cache=FOLDER    Cache folder for models from the hub.",
      "  --server.port=PORT         Default: 8080; 0 picks a free port.",
      "  --server.address=ADDRESS   Default: all addresses of the machine.",
      "",
      "docs/configuration.md lists all of them. They work for the commands too, and",
      "can also be given as environment variables (GPT2_MODEL, SERVER_PORT) or in an",
      "application.yaml in the folder where the program is started."
    },
    versionProvider = ProgramVersion.class)
public final class CommandTable {
  private CommandTable() {}

  /**
   * Runs the command that the arguments name.
   *
   * @param models loads the model for commands that need one
   * @param settings reads the settings for commands that do not
   * @param advice a sentence on an unknown option, or empty
   * @param failed reports the exception of a command and returns the exit code
   * @return the exit code
   */
  public static int run(
      ModelSource models,
      Supplier<CommandSettings> settings,
      Function<String, Optional<String>> advice,
      Console console,
      IExecutionExceptionHandler failed,
      String... arguments) {
    CommandLine table = new CommandLine(new CommandTable());
    table
        .getCommandSpec()
        .addOption(
            OptionSpec.builder("-h", "--help")
                .usageHelp(true)
                .scopeType(ScopeType.INHERIT)
                .description("Show this help message and exit.")
                .build())
        .addOption(
            OptionSpec.builder("-V", "--version")
                .versionHelp(true)
                .description("Print version information and exit.")
                .build());
    return table
        .addSubcommand(new EvaluateCommand(models, console))
        .addSubcommand(new VerifyCommand(models, console))
        .addSubcommand(new DownloadCommand(settings, console))
        .addSubcommand(new ModelsCommand(settings, console))
        .setOut(new PrintWriter(console.out(), true, StandardCharsets.UTF_8))
        .setErr(new PrintWriter(console.err(), true, StandardCharsets.UTF_8))
        .setCaseInsensitiveEnumValuesAllowed(true)
        // So that an unknown option -hf is not taken for -h and -f.
        .setPosixClusteredShortOptionsAllowed(false)
        .setParameterExceptionHandler((wrong, given) -> explain(wrong, advice, console))
        .setExecutionExceptionHandler(failed)
        .execute(arguments);
  }

  private static int explain(
      ParameterException wrong, Function<String, Optional<String>> advice, Console console) {
    CommandLine command = wrong.getCommandLine();
    console
        .err()
        .println(unknownOption(wrong).flatMap(advice).orElseGet(() -> sentence(wrong, command)));
    return CommandLine.ExitCode.USAGE;
  }

  private static Optional<String> unknownOption(ParameterException wrong) {
    return wrong instanceof UnmatchedArgumentException unmatched && unmatched.isUnknownOption()
        ? Optional.of(unmatched.getUnmatched().get(0))
        : Optional.empty();
  }

  private static String sentence(ParameterException wrong, CommandLine command) {
    if (command.getParent() == null
        && wrong instanceof UnmatchedArgumentException unmatched
        && !unmatched.isUnknownOption()) {
      return "%s is not a command: use %s, or none to start the server."
          .formatted(
              unmatched.getUnmatched().get(0),
              enumeration(List.copyOf(command.getSubcommands().keySet())));
    }
    String help = command.getParent() == null ? "--help" : command.getCommandName() + " --help";
    Optional<String> option = unknownOption(wrong);
    if (option.isPresent()) {
      return "%s is not an option; see %s."
          .formatted(option.get().replaceFirst("(?s)=.*", ""), help);
    }
    return "%s; see %s."
        .formatted(
            wrong.getMessage().strip().replaceAll("\\.?\\s*$", "").replaceAll("\\s+", " "), help);
  }

  private static String enumeration(List<String> names) {
    int last = names.size() - 1;
    return String.join(", ", names.subList(0, last)) + " or " + names.get(last);
  }
}
