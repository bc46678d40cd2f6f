package io.github.gpt2server.boot.command;

import io.github.gpt2server.boot.failure.StartupFailureMessage;
import io.github.gpt2server.boot.load.ServedModelLoader;
import io.github.gpt2server.boot.settings.Arguments;
import io.github.gpt2server.boot.settings.Gpt2Properties;
import io.github.gpt2server.boot.settings.OptionAdvice;
import io.github.gpt2server.cli.CommandSettings;
import io.github.gpt2server.cli.CommandTable;
import io.github.gpt2server.cli.console.Console;
import io.github.gpt2server.engine.Engine;
import io.github.gpt2server.engine.result.EngineStoppedException;
import io.github.gpt2server.engine.result.NotEnoughMemoryException;
import io.github.gpt2server.ops.lifecycle.ProcessEnd;
import io.github.gpt2server.serving.ServedModel;
import io.github.gpt2server.serving.ServedModelHolder;
import java.util.Map;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.WebApplicationType;
import org.springframework.context.ConfigurableApplicationContext;

/**
 * Runs a command: its settings are read, and its model is loaded if it needs one, as those of the
 * server.
 */
public final class CommandRunner {
  // Spring's own logger, because --debug raises it and leaves the others alone.
  private static final Log log = LogFactory.getLog(SpringApplication.class);

  private static final int MAX_CAUSES = 50;

  /** The message for a lack of memory, built while there is some. */
  private static final String OUT_OF_MEMORY =
      "There is not enough memory for the command, which ends with exit code %d: give it more, with"
              .formatted(ProcessEnd.EXIT_CODE)
          + " -Xmx or a larger container, or less to do at once.";

  private final Console console;
  private final Arguments arguments;
  private ConfigurableApplicationContext context;

  /** The start failed, which the reporter of failed starts has written to the terminal. */
  private static final class StartFailedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    StartFailedException(Throwable cause) {
      super(cause);
    }
  }

  public CommandRunner(Console console, Arguments arguments) {
    this.console = console;
    this.arguments = arguments;
  }

  /** Runs the command to its end and returns its exit code. */
  public int run() {
    try {
      return CommandTable.run(
          this::openModel,
          this::settings,
          OptionAdvice::of,
          console,
          (failure, command, given) -> failed(failure),
          arguments.command().toArray(String[]::new));
    } catch (RuntimeException | Error failure) {
      return failed(failure);
    } finally {
      if (context != null) {
        context.close();
      }
    }
  }

  private ServedModel openModel() {
    start(CommandApplication.class);
    // libtorch is loaded now.
    ProcessEnd.useKernel();
    return context.getBean(ServedModelHolder.class).get().orElseThrow();
  }

  private CommandSettings settings() {
    start(SettingsApplication.class);
    Gpt2Properties properties = context.getBean(Gpt2Properties.class);
    return new CommandSettings(ServedModelLoader.hub(properties), properties.revision());
  }

  private void start(Class<?> configuration) {
    SpringApplication application = new SpringApplication(configuration);
    application.setWebApplicationType(WebApplicationType.NONE);
    // The command says in one sentence what the engine would log with its stack trace.
    application.setDefaultProperties(Map.of("logging.level." + Engine.class.getName(), "off"));
    try {
      context = application.run(arguments.settings().toArray(String[]::new));
    } catch (RuntimeException | Error failure) {
      throw new StartFailedException(failure);
    }
  }

  /** Prints the reason in one sentence; nothing after Ctrl-C. */
  private int failed(Throwable failure) {
    if (lacksMemory(failure)) {
      console.err().println(OUT_OF_MEMORY);
      return ProcessEnd.EXIT_CODE;
    }
    if (!(failure instanceof StartFailedException || failure instanceof EngineStoppedException)) {
      console.err().println(StartupFailureMessage.of("The command failed", failure));
      log.debug("The command failed", failure);
    }
    return 1;
  }

  /**
   * Returns whether the command, or the engine at work for it, got no memory; not one that could
   * not start.
   */
  private static boolean lacksMemory(Throwable failure) {
    Throwable cause = failure instanceof StartFailedException ? null : failure;
    for (int i = 0; i < MAX_CAUSES && cause != null; i++) {
      if (cause instanceof OutOfMemoryError || cause instanceof NotEnoughMemoryException) {
        return true;
      }
      cause = cause.getCause();
    }
    return false;
  }
}
