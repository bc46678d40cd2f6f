package io.github.gpt2server.ops.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.testing.ChildServer;
import io.github.gpt2server.testing.OneCore;
import io.github.gpt2server.testing.RawHttp;
import io.github.gpt2server.testing.ThreadAgent;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Threads end that serve no single request: so does the process, to be started again. */
@OneCore
class ProcessEndIT {
  private static final int CANNOT_GO_ON = 3;
  private static final String STREAM =
      "{\"max_tokens\": 500, \"ignore_eos\": true, \"stream\": true, \"n\": 100}";

  @TempDir private Path folder;

  @Test
  void aThreadThatGetsNoMemoryEndsTheProcessInMidStep() throws Exception {
    try (ChildServer server = new ChildServer(folder);
        RawHttp stream = begin(server)) {
      stream.awaitBytes();

      ThreadAgent.starve(folder, server.pid(), "some-timer");

      assertThat(server.exitCode()).isEqualTo(CANNOT_GO_ON);
      assertThat(sentences(server))
          .containsExactly(
              "Java is out of memory in the thread some-timer, which serves no single request: the"
                  + " process ends with exit code 3 so that it is restarted. Give it more memory, or send fewer or smaller requests.");
      assertThat(server.leftovers()).isEmpty();
    }
  }

  @Test
  void aThreadOfTheWebServerThatEndsWithoutAWordEndsTheProcess() throws Exception {
    try (ChildServer server = new ChildServer(folder)) {
      server.awaitHealth(200);
      String poller = "http-nio-" + server.port() + "-Poller";

      ThreadAgent.stopPoller(folder, server.pid(), poller);

      assertThat(server.exitCode()).isEqualTo(CANNOT_GO_ON);
      assertThat(sentences(server))
          .containsExactly(
              "The server has lost the thread "
                  + poller
                  + ", which serves no single request: the process ends with exit code 3 so that it is restarted. Give it more memory, or send fewer or smaller requests.");
      assertThat(server.leftovers()).isEmpty();
    }
  }

  private static RawHttp begin(ChildServer server) throws IOException, InterruptedException {
    server.awaitHealth(200);
    return server.connect().send(RawHttp.post("/v1/completions", STREAM));
  }

  /** Without what the JVM says of the agent. */
  private static List<String> sentences(ChildServer server) throws IOException {
    return server.errors().lines().filter(line -> !line.matches("(WARNING|OpenJDK.*).*")).toList();
  }
}
