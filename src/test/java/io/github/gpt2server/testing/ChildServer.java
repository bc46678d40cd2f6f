package io.github.gpt2server.testing;

import io.github.gpt2server.Gpt2ServerApplication;
import java.io.File;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.IntPredicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The server as a process of its own, with an empty working directory to see what it leaves. */
public final class ChildServer implements AutoCloseable {
  /**
   * Tests start servers more than they use them: the quick compiler alone saves a third of that.
   */
  private static final String COMPILER =
      System.getProperty("child.compiler", "-XX:TieredStopAtLevel=1");

  /** A start takes seconds, but a minute on a machine with much else to do. */
  private static final Duration START = Duration.ofMinutes(3);

  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final Process process;
  private final int port;
  private final Path directory;
  private final Path out;
  private final Path err;

  /** Starts the server; its working directory is a new one in {@code folder}. */
  public ChildServer(Path folder, String... options) throws IOException {
    this(folder, Map.of(), options);
  }

  /** Starts a server with these environment variables beside those of the test. */
  public ChildServer(Path folder, Map<String, String> variables, String... options)
      throws IOException {
    this(folder, List.of(), variables, options);
  }

  /** Starts a server by another program, such as one that limits what the server may use. */
  public ChildServer(
      Path folder, List<String> starter, Map<String, String> variables, String... options)
      throws IOException {
    this(folder, starter, "-Xmx512m", variables, options);
  }

  /**
   * Starts a server with a heap of another size.
   *
   * @param heap an option of Java
   */
  public ChildServer(
      Path folder,
      List<String> starter,
      String heap,
      Map<String, String> variables,
      String... options)
      throws IOException {
    this(folder, starter, heap, classPath(), variables, options);
  }

  private ChildServer(
      Path folder,
      List<String> starter,
      String heap,
      String classPath,
      Map<String, String> variables,
      String... options)
      throws IOException {
    try (ServerSocket free = new ServerSocket(0)) {
      port = free.getLocalPort();
    }
    directory = Files.createTempDirectory(folder, "server");
    out = Files.createTempFile(folder, "server", ".out");
    err = Files.createTempFile(folder, "server", ".err");
    List<String> command = new ArrayList<>(starter);
    command.addAll(
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            heap,
            COMPILER,
            // As the manifest of the packaged server says; without it Java 24 and later warn.
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            classPath,
            Gpt2ServerApplication.class.getName(),
            "--server.port=" + port));
    command.addAll(List.of(options));
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(directory.toFile())
            .redirectOutput(out.toFile())
            .redirectError(err.toFile());
    builder.environment().putAll(variables);
    process = builder.start();
  }

  /** Starts the packaged server, which there is after Maven's phase {@code package}. */
  public static ChildServer packaged(Path folder, String... options) throws IOException {
    return new ChildServer(folder, List.of(), "-Xmx512m", packagedJar(), Map.of(), options);
  }

  private static String packagedJar() throws IOException {
    try (Stream<Path> files = Files.list(Path.of("target"))) {
      return files
          .filter(file -> file.getFileName().toString().matches("gpt2-server-[\\d.]+\\.jar"))
          .findFirst()
          .orElseThrow(() -> new AssertionError("there is no jar in target: run mvn package"))
          .toAbsolutePath()
          .toString();
    }
  }

  /** Without the test classes, whose configurations the application would find and take. */
  private static String classPath() {
    String all =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    return Arrays.stream(all.split(File.pathSeparator))
        .filter(entry -> !entry.endsWith("test-classes"))
        .collect(Collectors.joining(File.pathSeparator));
  }

  /** Opens a connection. */
  public RawHttp connect() throws IOException {
    return new RawHttp(port);
  }

  /** Opens a connection whose receive buffer is this small. */
  public RawHttp connect(int receiveBuffer) throws IOException {
    return new RawHttp(port, receiveBuffer);
  }

  /** Posts a body over a connection of its own. */
  public RawHttp.Answer post(String path, String json) throws IOException {
    try (RawHttp http = connect()) {
      return http.send(RawHttp.post(path, json)).answer();
    }
  }

  /** Gets a path over a connection of its own. */
  public RawHttp.Answer get(String path) throws IOException {
    try (RawHttp http = connect()) {
      return http.send("GET " + path + " HTTP/1.1\r\nHost: test\r\n\r\n").answer();
    }
  }

  /** The status of {@code /health}, or 0 while nothing listens. */
  public int health() {
    try {
      return get("/health").status();
    } catch (IOException e) {
      return 0;
    }
  }

  /** Waits until {@code /health} has this status. */
  public void awaitHealth(int status) throws IOException, InterruptedException {
    awaitHealth("was " + status, current -> current == status);
  }

  /** Waits until it answers, ready or not. */
  public void awaitAnswer() throws IOException, InterruptedException {
    awaitHealth("answered", current -> current != 0);
  }

  private void awaitHealth(String what, IntPredicate reached)
      throws IOException, InterruptedException {
    long end = System.nanoTime() + START.toNanos();
    while (!reached.test(health())) {
      if (!process.isAlive() || System.nanoTime() > end) {
        throw new AssertionError("/health never " + what + ": " + output() + errors());
      }
      Thread.sleep(5);
    }
  }

  /** Sends SIGTERM. */
  public void terminate() {
    process.destroy();
  }

  /** Sends SIGKILL and waits until the process is gone. */
  public void kill() {
    process.destroyForcibly().onExit().join();
  }

  /** The port on which it listens. */
  public int port() {
    return port;
  }

  /** The number of the process. */
  public long pid() {
    return process.pid();
  }

  /** Returns whether the process is still there. */
  public boolean alive() {
    return process.isAlive();
  }

  /** Waits for the end and tells the exit code. */
  public int exitCode() throws InterruptedException {
    if (!process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
      throw new AssertionError("the server did not end in " + PATIENCE);
    }
    return process.exitValue();
  }

  /** The standard output so far. */
  public String output() throws IOException {
    return Files.readString(out);
  }

  /** The standard error so far. */
  public String errors() throws IOException {
    return Files.readString(err);
  }

  /** The files left in the working directory, such as a crash report. */
  public List<Path> leftovers() throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.toList();
    }
  }

  @Override
  public void close() {
    process.destroyForcibly().onExit().join();
  }
}
