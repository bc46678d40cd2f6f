package io.github.gpt2server.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A client that leaves frees what it held, at once. The requests here would take ten seconds or so,
 * twenty sequences through two slots; the engine is expected to be idle long before.
 */
class LeavingClientTest {
  private static final String LONG =
      "{\"prompt\": \"Once upon a time\", \"n\": 20, \"max_tokens\": 500,"
          + " \"ignore_eos\": true";

  private static LiveServer server;

  @BeforeAll
  static void start() {
    server = new LiveServer("--gpt2.max-sequences=2", "--gpt2.max-queue=3");
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @AfterEach
  void idle() {
    server.awaitStatus(status -> status.running() == 0 && status.waiting() == 0);
  }

  @Test
  void leavingAStreamCancels() throws IOException {
    RawHttp client =
        server.connect().send(RawHttp.post("/v1/completions", LONG + ", \"stream\": true}"));
    while (!client.line().startsWith("data: ")) {
      assertThat(server.model().engine().status().running()).isPositive();
    }
    client.leave();

    assertIdleWithinASecond();
  }

  @Test
  void leavingAWholeAnswerCancels() throws IOException {
    RawHttp client = server.connect().send(RawHttp.post("/v1/completions", LONG + "}"));
    server.awaitStatus(status -> status.running() > 0);
    client.leave();

    assertIdleWithinASecond();
  }

  @Test
  void aConnectionResetCancelsToo() throws IOException {
    RawHttp client = server.connect().send(RawHttp.post("/v1/completions", LONG + "}"));
    server.awaitStatus(status -> status.running() > 0);
    client.reset();

    assertIdleWithinASecond();
  }

  @Test
  void leavingAfterASecondRequestWasSentEarlyCancelsBoth() throws IOException {
    String post = RawHttp.post("/v1/completions", LONG + "}");
    RawHttp client = server.connect().send(post + post);
    server.awaitStatus(status -> status.running() > 0);
    client.leave();

    assertIdleWithinASecond();
  }

  @Test
  void leavingTheSecondRequestOfAConnectionCancels() throws IOException {
    RawHttp client = server.connect().send(RawHttp.post("/v1/completions", "{\"max_tokens\": 2}"));
    assertThat(client.answer().status()).isEqualTo(200);
    client.send(RawHttp.post("/v1/completions", LONG + "}"));
    server.awaitStatus(status -> status.running() > 0);
    client.leave();

    assertIdleWithinASecond();
  }

  @Test
  void leavingDuringPrefillCancels() throws IOException {
    // A hundred long prompts through two slots.
    String prompt = "[" + "7,".repeat(505) + "7]";
    String prompts = (prompt + ",").repeat(99) + prompt;
    RawHttp client =
        server
            .connect()
            .send(
                RawHttp.post(
                    "/v1/completions", "{\"max_tokens\": 1, \"prompt\": [" + prompts + "]}"));
    server.awaitStatus(status -> status.running() > 0);
    client.leave();

    assertIdleWithinASecond();
  }

  @Test
  void leavingTheQueueGivesThePlaceBackAndAFullQueueIs429() throws IOException {
    try (RawHttp first = server.connect();
        RawHttp second = server.connect();
        RawHttp third = server.connect();
        RawHttp fourth = server.connect()) {
      first.send(RawHttp.post("/v1/completions", LONG + "}"));
      server.awaitStatus(status -> status.running() == 2);
      second.send(RawHttp.post("/v1/completions", LONG + "}"));
      third.send(RawHttp.post("/v1/completions", LONG + ", \"stream\": true}"));
      server.awaitStatus(status -> status.waiting() == 3);

      for (String stream : new String[] {"", ", \"stream\": true"}) {
        RawHttp.Answer refused = server.post("/v1/completions", LONG + stream + "}");
        assertThat(refused.status()).isEqualTo(429);
        assertThat(refused.headers())
            .containsEntry("retry-after", "1")
            .containsEntry("content-type", "application/json");
        JsonNode error = JsonMapper.shared().readTree(refused.body()).get("error");
        assertThat(error.get("message").stringValue())
            .isEqualTo("The queue is full: 3 requests are waiting already. Try again in a moment.");
        assertThat(error.get("type").stringValue()).isEqualTo("rate_limit_error");
        assertThat(error.get("code").stringValue()).isEqualTo("queue_full");
      }

      // The first still waits for slots for its other sequences.
      second.leave();
      server.awaitStatus(status -> status.waiting() == 2);
      third.leave();
      server.awaitStatus(status -> status.waiting() == 1);
      assertThat(server.model().engine().status().running()).isEqualTo(2);
      fourth.send(RawHttp.post("/v1/completions", "{\"max_tokens\": 1}"));
      server.awaitStatus(status -> status.waiting() == 2);
      first.leave();
      assertThat(fourth.answer().status()).isEqualTo(200);
    }
  }

  private static void assertIdleWithinASecond() {
    long start = System.nanoTime();
    server.awaitStatus(status -> status.running() == 0 && status.waiting() == 0);
    assertThat((System.nanoTime() - start) / 1e6).as("milliseconds").isLessThan(1000);
  }
}
