package io.github.gpt2server.ops.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.testing.ChildServer;
import io.github.gpt2server.testing.OneCore;
import io.github.gpt2server.testing.RawHttp;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.json.JsonMapper;

/** SIGTERM, sent to a process as an operator or Kubernetes sends it. */
@OneCore
class TerminationIT {
  /** 128 + 15, what a shell tells of a process that SIGTERM ended. */
  private static final int TERMINATED = 143;

  @TempDir private Path folder;

  @Test
  void runningStreamsFinishWhileNewRequestsAre503() throws Exception {
    try (ChildServer server = new ChildServer(folder, "--gpt2.max-sequences=2")) {
      server.awaitHealth(200);
      List<RawHttp> streams = streams(server, 2, 20);

      server.terminate();
      server.awaitHealth(503);
      assertThat(server.get("/actuator/health/readiness").status()).isEqualTo(503);
      assertThat(server.get("/actuator/health/liveness").status()).isEqualTo(200);
      for (String stream : List.of("", ", \"stream\": true")) {
        RawHttp.Answer refused = post(server, "{\"max_tokens\": 1" + stream + "}");
        assertThat(refused.status()).isEqualTo(503);
        assertThat(refused.headers()).containsEntry("retry-after", "5");
        assertThat(JsonMapper.shared().readTree(refused.body()).at("/error/code").stringValue())
            .isEqualTo("not_available");
      }

      for (RawHttp stream : streams) {
        RawHttp.Answer answer = stream.answer();
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.body()).endsWith("data: [DONE]\n\n").doesNotContain("event: error");
        stream.close();
      }
      assertEndsCleanly(server);
      assertThat(server.output()).doesNotContain("WARN", "ERROR");
    }
  }

  @Test
  void whatRunsLongerThanTheGraceEndsWithAnError() throws Exception {
    try (ChildServer server =
        new ChildServer(folder, "--gpt2.max-sequences=2", "--gpt2.shutdown-grace=1s")) {
      server.awaitHealth(200);
      // More than a minute's work.
      List<RawHttp> streams = streams(server, 8, 100);

      server.terminate();

      int begun = 0;
      for (RawHttp stream : streams) {
        RawHttp.Answer answer = stream.answer();
        String error =
            "{\"error\":{\"message\":\"The server is shutting down; try again later or"
                + " elsewhere.\",\"type\":\"service_unavailable_error\",\"param\":null,"
                + "\"code\":\"not_available\"}}";
        if (answer.status() == 200) {
          begun++;
          assertThat(answer.body())
              .startsWith("data: {")
              .endsWith("event: error\ndata: " + error + "\n\n");
        } else {
          assertThat(answer.status()).isEqualTo(503);
          assertThat(answer.body()).isEqualTo(error);
        }
        stream.close();
      }
      assertThat(begun).isPositive();
      assertEndsCleanly(server);
      assertThat(server.output()).contains("The grace period of 1 s is over");
    }
  }

  @Test
  void theSecondSignalEndsWhatRunsAtOnce() throws Exception {
    try (ChildServer server =
        new ChildServer(folder, "--gpt2.max-sequences=2", "--gpt2.shutdown-grace=10m")) {
      server.awaitHealth(200);
      List<RawHttp> streams = streams(server, 2, 100);

      server.terminate();
      server.awaitHealth(503);
      server.terminate();

      for (RawHttp stream : streams) {
        RawHttp.Answer answer = stream.answer();
        assertThat(answer.body()).contains("The server is shutting down; try again later");
        stream.close();
      }
      assertEndsCleanly(server);
      assertThat(server.output()).contains("Stopping immediately; running requests are cancelled");
    }
  }

  /** The web server would wait for it for ten seconds, and with a full grace before. */
  @Test
  void theSecondSignalDoesNotWaitForAClientThatDoesNotRead() throws Exception {
    try (ChildServer server =
        new ChildServer(
            folder,
            "--gpt2.shutdown-grace=10m",
            "--spring.lifecycle.timeout-per-shutdown-phase=10m",
            "--server.tomcat.connection-timeout=10m")) {
      server.awaitHealth(200);
      try (RawHttp lazy = server.connect()) {
        String body =
            "{\"max_tokens\": 500, \"ignore_eos\": true, \"stream\": true, \"n\": 128,"
                + " \"logprobs\": 4096}";
        lazy.send(RawHttp.post("/v1/completions", body)).awaitBytes();

        server.terminate();
        server.awaitHealth(503);
        server.terminate();

        assertEndsCleanly(server);
      }
    }
  }

  /** Before the web server is there, when it answers, while the model loads or just after. */
  @ParameterizedTest
  @CsvSource({"false, 400", "true, 0", "true, 300", "true, 600"})
  void aStartIsEndedToo(boolean answers, int milliseconds) throws Exception {
    try (ChildServer server = new ChildServer(folder)) {
      if (answers) {
        server.awaitAnswer();
      }
      Thread.sleep(milliseconds);

      server.terminate();

      assertEndsCleanly(server);
    }
  }

  private static void assertEndsCleanly(ChildServer server) throws Exception {
    assertThat(server.exitCode()).isEqualTo(TERMINATED);
    assertThat(server.leftovers()).isEmpty();
    assertThat(server.errors()).isEmpty();
    assertThat(server.output()).doesNotContain("\tat ");
  }

  /**
   * Begins streams of this many sequences each. The first has sent something, but not all of its
   * sequences fit into the two slots, so that all streams still wait.
   */
  private static List<RawHttp> streams(ChildServer server, int count, int n) throws Exception {
    String body =
        "{\"prompt\": \"Once upon a time\", \"max_tokens\": 500, \"ignore_eos\": true,"
            + " \"stream\": true, \"n\": "
            + n
            + "}";
    List<RawHttp> streams = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      streams.add(server.connect().send(RawHttp.post("/v1/completions", body)));
      streams.get(0).awaitBytes();
    }
    while (!server.get("/metrics").body().contains("vllm:num_requests_waiting " + count + ".0\n")) {
      assertThat(server.alive()).isTrue();
      Thread.sleep(5);
    }
    return streams;
  }

  private static RawHttp.Answer post(ChildServer server, String json) throws IOException {
    try (RawHttp http = server.connect()) {
      return http.send(RawHttp.post("/v1/completions", json)).answer();
    }
  }
}
