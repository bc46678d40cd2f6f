package io.github.gpt2server.api.execution;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.testing.LiveServer;
import io.github.gpt2server.testing.RawHttp;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import tools.jackson.databind.json.JsonMapper;

/** One client with many requests does not keep out another, whatever it says of itself. */
@EnabledOnOs(OS.LINUX)
class FairnessIT {
  private static final int CROWD = 40;
  private static final String LONG = "{\"max_tokens\": 60, \"ignore_eos\": true}";
  private static final String SHORT = "{\"max_tokens\": 1}";

  @Test
  void aClientIsNotManyByWhatItSaysOfItself() throws Exception {
    try (LiveServer server = new LiveServer("--gpt2.max-sequences=2")) {
      List<RawHttp> crowd = new ArrayList<>();
      for (int i = 0; i < CROWD; i++) {
        String header = "X-Forwarded-For: 203.0.113." + i + "\r\nForwarded: for=203.0.113." + i;
        crowd.add(send(server, "127.0.0.1", header, LONG));
      }
      server.awaitStatus(status -> status.waiting() == CROWD - 2);

      assertThatItNeedNotWaitForTheCrowd(server, "127.0.0.2", "X-None: 0");
      close(crowd);
    }
  }

  @Test
  void withKeysTheKeyCounts() throws Exception {
    try (LiveServer server = new LiveServer("--gpt2.max-sequences=2", "--gpt2.api-keys=one,two")) {
      List<RawHttp> crowd = new ArrayList<>();
      for (int i = 0; i < CROWD; i++) {
        crowd.add(send(server, "127.0.1." + (1 + i), "Authorization: Bearer one", LONG));
      }
      server.awaitStatus(status -> status.waiting() == CROWD - 2);

      assertThatItNeedNotWaitForTheCrowd(server, "127.0.1.1", "Authorization: Bearer two");
      close(crowd);
    }
  }

  @Test
  void embeddingsAreComputedInTurns() throws Exception {
    String many =
        JsonMapper.shared()
            .writeValueAsString(
                Map.of(
                    "model",
                    "gpt2-fairytales",
                    "input",
                    Collections.nCopies(20, "once upon a time ".repeat(60))));
    try (LiveServer server = new LiveServer("--gpt2.api-keys=one,two")) {
      List<RawHttp> crowd = new ArrayList<>();
      for (int i = 0; i < CROWD; i++) {
        crowd.add(
            send(server, "127.0.1." + (1 + i), "Authorization: Bearer one", "embeddings", many));
      }
      server.awaitStatus(status -> status.waiting() > CROWD * 3 / 4);

      try (RawHttp other =
          send(
              server,
              "127.0.1.1",
              "Authorization: Bearer two",
              "embeddings",
              "{\"model\": \"gpt2-fairytales\", \"input\": \"a\"}")) {
        assertThat(other.answer().status()).isEqualTo(200);
        assertThat(server.model().engine().status().waiting()).isGreaterThan(CROWD / 2);
      }
      close(crowd);
    }
  }

  /** One that counted as one of the crowd would be the last to get a slot. */
  private static void assertThatItNeedNotWaitForTheCrowd(
      LiveServer server, String address, String header) throws IOException {
    try (RawHttp other = send(server, address, header, SHORT)) {
      assertThat(other.answer().status()).isEqualTo(200);
      assertThat(server.model().engine().status().waiting()).isGreaterThan(CROWD / 2);
    }
  }

  private static RawHttp send(LiveServer server, String address, String header, String body)
      throws IOException {
    return send(server, address, header, "completions", body);
  }

  private static RawHttp send(
      LiveServer server, String address, String header, String endpoint, String body)
      throws IOException {
    String post = RawHttp.post("/v1/" + endpoint, body);
    return server.connectFrom(address).send(post.replace("Host:", header + "\r\nHost:"));
  }

  private static void close(List<RawHttp> crowd) throws IOException {
    for (RawHttp each : crowd) {
      each.close();
    }
  }
}
