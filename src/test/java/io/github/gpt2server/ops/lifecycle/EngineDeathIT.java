package io.github.gpt2server.ops.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.engine.request.TaskRequest;
import io.github.gpt2server.testing.EndlessCompletion;
import io.github.gpt2server.testing.LiveServer;
import io.github.gpt2server.testing.RawHttp;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import tools.jackson.databind.json.JsonMapper;

/** The engine thread dies of an error in the middle of its work. */
@ExtendWith(OutputCaptureExtension.class)
class EngineDeathIT {
  @Test
  void livenessGoesOffAndEveryRequestIsToldSo(CapturedOutput output) throws Exception {
    try (LiveServer server = new LiveServer("--gpt2.max-sequences=2");
        RawHttp whole = server.connect();
        RawHttp stream = server.connect()) {
      whole.send(RawHttp.post("/v1/completions", EndlessCompletion.WHOLE));
      stream.send(RawHttp.post("/v1/completions", EndlessCompletion.STREAM));
      stream.awaitBytes();
      server.awaitStatus(status -> status.waiting() == 2);

      server
          .model()
          .engine()
          .submit(
              new TaskRequest<Void>(
                  "the last",
                  List.of(),
                  model -> {
                    throw new UnsatisfiedLinkError("the native library is broken");
                  },
                  Duration.ofMinutes(1)));
      server.awaitStatus(status -> !status.alive());

      assertThat(whole.answer().status()).isEqualTo(500);
      assertThat(stream.answer().body()).contains("event: error\ndata: {\"error\":{\"message\":");
      assertThat(get(server, "/actuator/health/liveness").status()).isEqualTo(503);
      assertThat(get(server, "/actuator/health/readiness").status()).isEqualTo(503);
      assertThat(get(server, "/metrics").body()).contains("gpt2_ready 0.0\n");
      RawHttp.Answer health = get(server, "/health");
      assertThat(health.status()).isEqualTo(503);
      assertThat(JsonMapper.shared().readTree(health.body()).at("/error/message").stringValue())
          .isEqualTo("The engine has stopped on an error; restart the server.");
      RawHttp.Answer refused = server.post("/v1/completions", "{}");
      assertThat(refused.status()).isEqualTo(503);
      assertThat(refused.headers()).containsEntry("retry-after", "5");
    }
    assertThat(output.getOut().lines())
        .filteredOn(line -> line.contains("The engine thread has died"))
        .singleElement()
        .asString()
        .contains("ERROR Engine: The engine thread has died; no request can be answered any more");
  }

  private static RawHttp.Answer get(LiveServer server, String path) throws IOException {
    try (RawHttp http = server.connect()) {
      return http.send("GET " + path + " HTTP/1.1\r\nHost: test\r\n\r\n").answer();
    }
  }
}
