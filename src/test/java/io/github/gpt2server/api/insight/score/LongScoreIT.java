package io.github.gpt2server.api.insight.score;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.testing.LiveServer;
import io.github.gpt2server.testing.OneCore;
import io.github.gpt2server.testing.RawHttp;
import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Texts of many windows, and those who want the engine at the same time. */
@OneCore
class LongScoreIT {
  private static final String SENTENCE = "Once upon a time there was a king who had three sons. ";
  private static final String GENERATE =
      "{\"prompt\":\"A\",\"max_tokens\":400,\"ignore_eos\":true}";

  private LiveServer server;

  @AfterEach
  void stop() {
    server.close();
  }

  /** Who was let in once is not sent away half-way because others fill the queue. */
  @Test
  void aTextOfManyWindowsEndsThoughTheQueueIsFull() throws IOException {
    server = new LiveServer("--gpt2.max-sequences=1", "--gpt2.max-queue=1");
    String text = "{\"stream\":true,\"text\":\"" + SENTENCE.repeat(200) + "\"}";
    try (RawHttp score = server.connect();
        RawHttp first = server.connect();
        RawHttp second = server.connect()) {
      score.send(RawHttp.post("/v1/score", text)).awaitBytes();
      first.send(RawHttp.post("/v1/completions", GENERATE));
      server.awaitRequests(2);
      second.send(RawHttp.post("/v1/completions", GENERATE));
      String body = score.answer().body();
      assertThat(body).endsWith("data: [DONE]\n\n");
      assertThat(body.lines().filter("event: progress"::equals).count()).isGreaterThan(8);
      // The second may have found the queue full, which is its own business.
      assertThat(first.answer().status()).isIn(200, 429);
      assertThat(second.answer().status()).isIn(200, 429);
    }
  }

  @Test
  void aMegabyteIsAcceptedAndLeavingEndsIt() throws IOException {
    server = new LiveServer();
    String text = SENTENCE.repeat(1_000_000 / SENTENCE.length() + 1);
    try (RawHttp score = server.connect()) {
      score.send(RawHttp.post("/v1/score", "{\"stream\":true,\"text\":\"" + text + "\"}"));
      String line = score.line();
      while (!line.startsWith("data: ")) {
        line = score.line();
      }
      JsonNode progress = JsonMapper.shared().readTree(line.substring("data: ".length()));
      assertThat(progress.get("scored_tokens").intValue()).isEqualTo(511);
      assertThat(progress.get("total_tokens").intValue()).isGreaterThan(200_000);
      score.leave();
    }
    server.awaitRequests(0);
    server.awaitStatus(status -> status.running() == 0 && status.waiting() == 0);
  }

  /** Others get their steps between the score's, and their own text. */
  @Test
  void aStreamBesideALongScoreWritesTheSameText() throws IOException {
    server = new LiveServer("--gpt2.dtype=float32");
    String greedy = "{\"prompt\":\"The king\",\"max_tokens\":60,\"temperature\":0}";
    JsonNode alone = server.ask("/v1/completions", greedy).get("choices");
    String text = "{\"stream\":true,\"text\":\"" + SENTENCE.repeat(400) + "\"}";
    try (RawHttp score = server.connect()) {
      score.send(RawHttp.post("/v1/score", text)).awaitBytes();
      assertThat(server.ask("/v1/completions", greedy).get("choices")).isEqualTo(alone);
      assertThat(score.answer().body()).endsWith("data: [DONE]\n\n");
    }
  }
}
