package io.github.gpt2server;

import io.github.gpt2server.boot.command.CommandRunner;
import io.github.gpt2server.boot.settings.Arguments;
import io.github.gpt2server.cli.console.Console;
import io.github.gpt2server.ops.lifecycle.EngineLifecycle;
import io.github.gpt2server.ops.lifecycle.ProcessEnd;
import io.github.gpt2server.ops.lifecycle.TerminationSignals;
import io.github.gpt2server.ops.lifecycle.ThreadWatch;
import io.github.gpt2server.platform.StartupCompilation;
import java.io.PrintStream;
import java.util.Locale;
import org.jline.terminal.impl.exec.ExecTerminalProvider;
import org.jline.terminal.spi.SystemStream;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.context.ApplicationListener;

/** Starts the server, or runs a command. */
@SpringBootApplication
public class Gpt2ServerApplication {

  /**
   * Starts the server, or runs the command that {@code args} name and ends the process; Spring Boot
   * properties such as {@code --gpt2.model=...} go with both. Ends the process with exit code 1 if
   * the server does not start or a result cannot be written, 2 if an option does not exist, and 3
   * if the server cannot go on or a command has no memory; see {@link ProcessEnd}.
   */
  public static void main(String[] args) {
    // Numbers in messages, logs and reports have the same digits and points on every machine.
    Locale.setDefault(Locale.ENGLISH);
    // DJL reads these when its classes load: no usage reports, no downloads at run time. The
    // environment variable DJL_OFFLINE=false brings the downloads back.
    System.setProperty("OPT_OUT_TRACKING", "true");
    System.setProperty("ai.djl.offline", "true");
    Arguments arguments = Arguments.of(args);
    if (arguments.hasCommand()) {
      ProcessEnd.installForCommand();
      System.exit(runCommand(arguments));
    }
    ProcessEnd.install();
    StartupCompilation compilation = StartupCompilation.begin();
    SpringApplication application = new SpringApplication(Gpt2ServerApplication.class);
    application.addListeners(new ThreadWatch());
    application.addInitializers(
        context ->
            TerminationSignals.install(() -> context.getBean(EngineLifecycle.class).hurry()));
    application.addListeners(
        (ApplicationListener<ApplicationReadyEvent>) ready -> compilation.end());
    try {
      application.run(arguments.settings().toArray(String[]::new));
    } catch (RuntimeException | Error alreadyReported) {
      System.exit(1);
    }
  }

  /** Runs a command. Logs go to standard error, because standard output is for results alone. */
  private static int runCommand(Arguments arguments) {
    PrintStream results = System.out;
    System.setOut(System.err);
    boolean terminal = new ExecTerminalProvider().isSystemStream(SystemStream.Error);
    int code =
        new CommandRunner(new Console(System.in, results, System.err, terminal), arguments).run();
    if (results.checkError() && code == 0) {
      System.err.println("The result could not be written to standard output.");
      return 1;
    }
    return code;
  }
}
