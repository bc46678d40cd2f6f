package io.github.gpt2server.api.json;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.testing.FuzzRun;
import io.github.gpt2server.testing.LiveServer;
import io.github.gpt2server.testing.OneCore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

/** Two thousand requests, most of them wrong, get an answer that says so, and hurt nobody. */
@OneCore
@ExtendWith(OutputCaptureExtension.class)
class FuzzIT {

  @Test
  void everyAnswerIsByContract(CapturedOutput output) throws Exception {
    try (LiveServer server =
        new LiveServer(
            "--gpt2.max-sequences=8",
            "--gpt2.request-timeout=20s",
            "--server.tomcat.connection-timeout=500ms",
            "--server.tomcat.keep-alive-timeout=50ms")) {
      FuzzRun run = new FuzzRun();
      run.send(server::connect, 2000);

      assertThat(run.problems()).isEmpty();
      assertThat(run.statuses()).containsKeys(200, 400, 404, 405, 413);
      server.awaitRequests(0);
      server.awaitStatus(status -> status.running() == 0 && status.waiting() == 0);
      assertThat(server.ask("/v1/completions", "{\"max_tokens\": 2}").get("choices")).hasSize(1);
    }
    assertThat(output.getOut()).doesNotContain("\tat ", "WARN", "ERROR");
  }
}
