package io.github.gpt2server.platform;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.management.JMException;
import javax.management.ObjectName;

/**
 * Keeps HotSpot's optimizing compiler (C2) off code that is busy at a start and idle after it:
 * building Spring's context and loading classes. Otherwise C2 takes a third of a start's processor
 * time, for code that comes too late for it. Methods that get busy meanwhile stay with the quick
 * compiler (C1); everything else, and what gets busy later, is compiled as ever.
 *
 * <p>HotSpot takes such directives at run time by its diagnostic commands. Another JVM has none,
 * and starts without.
 */
public final class StartupCompilation {
  private static final String DIRECTIVES =
      Stream.of(
              "org/springframework/*.*",
              "org/springdoc/*.*",
              "org/hibernate/*.*",
              "java/lang/Class*.*",
              // What makes lambdas' classes; not what runs in them.
              "java/lang/classfile/*.*",
              "java/lang/constant/*.*",
              "java/lang/invoke/InvokerBytecodeGenerator*.*",
              "java/lang/invoke/LambdaForm.*",
              "java/lang/invoke/MemberName*.*",
              "java/lang/invoke/MethodType.*",
              "java/lang/reflect/*.*",
              "java/net/*.*",
              "java/security/*.*",
              "java/util/Properties*.*",
              // Composed predicates, with which Spring looks for settings.
              "java/util/function/*.*",
              "java/util/jar/*.*",
              "java/util/zip/Zip*.*",
              "jdk/internal/classfile/*.*",
              "jdk/internal/constant/*.*",
              "jdk/internal/jimage/*.*",
              "jdk/internal/loader/*.*",
              "jdk/internal/module/*.*",
              "jdk/internal/org/objectweb/*.*",
              "jdk/internal/reflect/ClassFileAssembler.*",
              "jdk/internal/reflect/UTF8.*",
              "jdk/internal/util/xml/*.*",
              "sun/invoke/*.*",
              "sun/net/*.*",
              "sun/reflect/*.*")
          .collect(
              Collectors.joining("\", \"", "[{ match: [\"", "\"], c2: { Exclude: true } }]\n"));

  private final FutureTask<Boolean> adding = new FutureTask<>(StartupCompilation::add);

  private StartupCompilation() {}

  /** Begins beside the caller, since the diagnostic commands take a while to be there. */
  public static StartupCompilation begin() {
    StartupCompilation compilation = new StartupCompilation();
    Thread thread = new Thread(compilation.adding, "startup-compilation");
    thread.setDaemon(true);
    thread.start();
    return compilation;
  }

  /** Lets C2 compile everything again that gets busy from now on. */
  public void end() {
    try {
      if (awaitBegun()) {
        run("compilerDirectivesRemove");
      }
    } catch (JMException e) {
      // Spring's code stays with C1.
    }
  }

  /** Waits for the directives and returns whether the JVM has taken them. */
  boolean awaitBegun() {
    try {
      return adding.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    } catch (ExecutionException noSuchCommandOrFolder) {
      return false;
    }
  }

  private static boolean add() throws IOException, JMException {
    Path file = Files.createTempFile("gpt2-compilation-", ".json");
    // A start that is ended here does not leave it.
    file.toFile().deleteOnExit();
    try {
      Files.writeString(file, DIRECTIVES);
      return run("compilerDirectivesAdd", file.toString()).contains("added");
    } finally {
      Files.delete(file);
    }
  }

  /** Runs a diagnostic command and returns what it says. */
  static String run(String command, String... arguments) throws JMException {
    return (String)
        ManagementFactory.getPlatformMBeanServer()
            .invoke(
                new ObjectName("com.sun.management:type=DiagnosticCommand"),
                command,
                new Object[] {arguments},
                new String[] {String[].class.getName()});
  }
}
