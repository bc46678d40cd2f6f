package io.github.gpt2server.cli;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Supplier;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.UnmatchedArgumentException;

/** The commands there are. Exit codes: 0 for success, 1 for a failure, 2 for wrong arguments. */
@Command(
    name = "gpt2-server",
    description = "Serve a GPT-2 model over HTTP, or do what a command says and end.",
    synopsisHeading = "Usage: java -jar ",
    customSynopsis = "gpt2-server.jar [--gpt2.SETTING=VALUE...] [COMMAND]",
    footer = {
      "",
      "Every setting of the server works for the commands too: --gpt2.model=FOLDER,",
      "--gpt2.dtype=bfloat16, environment variables, application.yaml."
    })
public final class CommandTable {
  private CommandTable() {}

  /**
   * Runs what the arguments say.
   *
   * @param models for commands that need a model
   * @param settings for those that do not
   * @param failed tells of a command that threw, and what exit code that gives
   * @return the exit code
   */
  public static int run(
      ModelSource models,
      Supplier<CommandSettings> settings,
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
                .description("Say what can be given, and end.")
                .build());
    return table
        .addSubcommand(new EvaluateCommand(models, console))
        .addSubcommand(new VerifyCommand(models, console))
        .addSubcommand(new DownloadCommand(settings, console))
        .addSubcommand(new ModelsCommand(settings, console))
        .setOut(new PrintWriter(console.out(), true, StandardCharsets.UTF_8))
        .setErr(new PrintWriter(console.err(), true, StandardCharsets.UTF_8))
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setParameterExceptionHandler((wrong, given) -> explain(wrong, console))
        .setExecutionExceptionHandler(failed)
        .execute(arguments);
  }

  private static int explain(ParameterException wrong, Console console) {
    CommandLine command = wrong.getCommandLine();
    console.err().println(sentence(wrong, command));
    return CommandLine.ExitCode.USAGE;
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
    return "%s; see %s --help."
        .formatted(
            wrong.getMessage().strip().replaceAll("\\.?\\s*$", "").replaceAll("\\s+", " "),
            command.getCommandName());
  }

  private static String enumeration(List<String> names) {
    int last = names.size() - 1;
    return String.join(", ", names.subList(0, last)) + " or " + names.get(last);
  }
}
