package io.github.gpt2server.bench;

import io.github.gpt2server.platform.ProcessStatus;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.net.HttpURLConnection;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The packaged server as a process of its own, on a free port. */
final class ServerProcess implements AutoCloseable {
  private final Process process;
  private final int port;
  private final double secondsToReady;

  /** A server that writes to this process's output. */
  ServerProcess(Path jar, List<String> arguments) throws IOException, InterruptedException {
    this(jar, arguments, Redirect.INHERIT);
  }

  /** A server that writes to a file. */
  ServerProcess(Path jar, List<String> arguments, Path log)
      throws IOException, InterruptedException {
    this(jar, arguments, Redirect.to(log.toFile()));
  }

  private ServerProcess(Path jar, List<String> arguments, Redirect output)
      throws IOException, InterruptedException {
    try (ServerSocket free = new ServerSocket(0)) {
      port = free.getLocalPort();
    }
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-jar", jar.toString(), "--server.port=" + port));
    command.addAll(arguments);
    long start = System.nanoTime();
    process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output).start();
    while (!ready()) {
      if (!process.isAlive()) {
        throw new IllegalStateException(
            "the server did not start"
                + (output.file() == null ? "" : ":\n" + Files.readString(output.file().toPath())));
      }
      Thread.sleep(20);
    }
    secondsToReady = (System.nanoTime() - start) / 1e9;
  }

  int port() {
    return port;
  }

  double secondsToReady() {
    return secondsToReady;
  }

  /** Resident memory in MiB, as Linux tells it. */
  long residentMebibytes() {
    Path status = Path.of("/proc", Long.toString(process.pid()), "status");
    return ProcessStatus.kibibytes(status, "VmRSS").orElseThrow() >> 10;
  }

  private boolean ready() {
    try {
      HttpURLConnection connection =
          (HttpURLConnection)
              URI.create("http://127.0.0.1:" + port + "/health").toURL().openConnection();
      return connection.getResponseCode() == 200;
    } catch (IOException e) {
      return false;
    }
  }

  @Override
  public void close() {
    process.destroy();
    process.onExit().join();
  }
}
