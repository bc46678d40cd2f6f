package io.github.gpt2server.cli;

import io.github.gpt2server.cli.console.Console;
import io.github.gpt2server.cli.engine.ModelSource;
import io.github.gpt2server.serving.ServedModel;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.function.Supplier;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A command that was run in this process.
 *
 * @param exitCode what it returned; -1 if it threw
 * @param out what it printed as its result
 * @param err what else it said; the message of what it threw
 */
public record CommandRun(int exitCode, String out, String err) {

  /** Runs a command on a model that is there. */
  public static CommandRun of(ServedModel model, String... arguments) {
    return of(() -> model, "", arguments);
  }

  /** The same, with something on standard input. */
  public static CommandRun of(ModelSource models, String input, String... arguments) {
    return of(
        models,
        () -> {
          throw new AssertionError("this command has a model");
        },
        input,
        arguments);
  }

  /** Runs a command that needs no model. */
  static CommandRun of(CommandSettings settings, String... arguments) {
    return of(
        () -> {
          throw new AssertionError("no model is needed for this");
        },
        () -> settings,
        "",
        arguments);
  }

  private static CommandRun of(
      ModelSource models, Supplier<CommandSettings> settings, String input, String... arguments) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    PrintStream errors = new PrintStream(err, true, StandardCharsets.UTF_8);
    Console console =
        new Console(
            new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)),
            new PrintStream(out, true, StandardCharsets.UTF_8),
            errors,
            false);
    int code =
        CommandTable.run(
            models,
            settings,
            option -> Optional.empty(),
            console,
            (failure, command, given) -> {
              errors.println(failure.getMessage());
              return -1;
            },
            arguments);
    return new CommandRun(
        code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }

  public JsonNode json() {
    return JsonMapper.shared().readTree(out);
  }
}
