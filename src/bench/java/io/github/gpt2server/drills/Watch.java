package io.github.gpt2server.drills;

import io.github.gpt2server.platform.ProcessStatus;
import io.github.gpt2server.testing.ChildServer;
import io.github.gpt2server.testing.RawHttp;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.Callable;
import tools.jackson.databind.json.JsonMapper;

/** What drills look at in a server process, and wait for. */
final class Watch {
  static final String POEM = "{\"prompt\": \"The king\", \"max_tokens\": 30, \"temperature\": 0}";
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  private Watch() {}

  /** A gauge or counter without labels. */
  static double metric(ChildServer server, String name) throws IOException {
    return server
        .get("/metrics")
        .body()
        .lines()
        .filter(line -> line.startsWith(name + " "))
        .mapToDouble(line -> Double.parseDouble(line.substring(name.length() + 1)))
        .findFirst()
        .orElseThrow();
  }

  /** Threads of the JVM; HTTP's idle ones stay for a minute. */
  static int threads(ChildServer server) throws IOException {
    return (int) metric(server, "jvm_threads_live_threads");
  }

  /** Resident memory of the process in MiB. */
  static long resident(ChildServer server) {
    Path status = Path.of("/proc", Long.toString(server.pid()), "status");
    return ProcessStatus.kibibytes(status, "VmRSS").orElseThrow() >> 10;
  }

  /** Files, sockets and pipes that the process has open. */
  static long openFiles(ChildServer server) throws IOException {
    try (var files = Files.list(Path.of("/proc", Long.toString(server.pid()), "fd"))) {
      return files.count();
    }
  }

  /** The text that the model gives to the same question every time. */
  static String poem(ChildServer server) throws IOException {
    RawHttp.Answer answer = server.post("/v1/completions", POEM);
    if (answer.status() != 200) {
      throw new AssertionError(answer.status() + " " + answer.body());
    }
    return JsonMapper.shared().readTree(answer.body()).at("/choices/0/text").stringValue();
  }

  /** Waits until nothing runs and nothing waits; how long that took. */
  static Duration awaitIdle(ChildServer server) throws Exception {
    return await(
        () ->
            metric(server, "vllm:num_requests_running") == 0
                && metric(server, "vllm:num_requests_waiting") == 0);
  }

  /** Waits until something is so; how long that took. */
  static Duration await(Callable<Boolean> wish) throws Exception {
    long start = System.nanoTime();
    while (!wish.call()) {
      if (System.nanoTime() - start > PATIENCE.toNanos()) {
        throw new AssertionError("it did not come to that in " + PATIENCE);
      }
      Thread.sleep(5);
    }
    return Duration.ofNanos(System.nanoTime() - start);
  }

  /** Seconds with two digits. */
  static String seconds(Duration duration) {
    return String.format(Locale.ROOT, "%.2f s", duration.toNanos() / 1e9);
  }
}
