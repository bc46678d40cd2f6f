package io.github.gpt2server.ops.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.testing.EndlessCompletion;
import io.github.gpt2server.testing.LiveServer;
import io.github.gpt2server.testing.OwnServer;
import io.github.gpt2server.testing.RawHttp;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

/** Request ids, and the lines of the access log as people read them. */
@ExtendWith(OutputCaptureExtension.class)
@OwnServer({"--gpt2.access-log=true", "--gpt2.max-sequences=2"})
class AccessLogIT {
  private static final long PATIENCE_NANOS = 30_000_000_000L;

  private static LiveServer server;

  private static RawHttp.Answer ask(String path, String json, String id) throws IOException {
    try (RawHttp http = server.connect()) {
      String post = RawHttp.post(path, json);
      int line = post.indexOf("\r\n") + 2;
      return http.send(
              post.substring(0, line) + "X-Request-Id: " + id + "\r\n" + post.substring(line))
          .answer();
    }
  }

  private static String id(RawHttp.Answer answer) {
    return answer.headers().get("x-request-id");
  }

  /** The line of a request, which is written when its answer is already there. */
  private static String line(CapturedOutput output, String id) throws InterruptedException {
    long end = System.nanoTime() + PATIENCE_NANOS;
    while (true) {
      List<String> lines =
          output.getOut().lines().filter(line -> line.contains(": " + id + " ")).toList();
      if (!lines.isEmpty()) {
        assertThat(lines).hasSize(1);
        return lines.get(0).substring(lines.get(0).indexOf(id));
      }
      if (System.nanoTime() > end) {
        throw new AssertionError("no line of " + id + " in " + output.getOut());
      }
      Thread.sleep(5);
    }
  }

  @Test
  void aClientsIdComesBack() throws Exception {
    for (String id : new String[] {"a", "req-1.2_3~4", "ns:proj/a@b+c=", "x".repeat(128)}) {
      assertThat(id(ask("/v1/tokenize", "{\"text\": \"a\"}", id))).isEqualTo(id);
    }
  }

  @Test
  void anIdThatDoesNotFitALogIsReplaced() throws Exception {
    for (String id : new String[] {"", "a b", "a\"b", "<b>", "x".repeat(129), "\u00e9"}) {
      assertThat(id(ask("/v1/tokenize", "{\"text\": \"a\"}", id))).matches("req_[0-9a-f]{32}");
    }
  }

  @Test
  void everyAnswerHasAnId() throws Exception {
    for (String request :
        new String[] {
          "GET / HTTP/1.1",
          "GET /health HTTP/1.1",
          "GET /nothing HTTP/1.1",
          "GET /v1/completions HTTP/1.1",
          "GET /%zz HTTP/1.1",
          "GET /actuator/health/unknown HTTP/1.1"
        }) {
      try (RawHttp http = server.connect()) {
        RawHttp.Answer answer = http.send(request + "\r\nHost: test\r\n\r\n").answer();
        assertThat(id(answer)).as(request).matches("req_[0-9a-f]{32}");
      }
    }
  }

  @Test
  void aStreamHasAnId() throws Exception {
    RawHttp.Answer answer =
        ask("/v1/completions", "{\"prompt\": \"a\", \"stream\": true}", "stream-1");

    assertThat(answer.body()).endsWith("data: [DONE]\n\n");
    assertThat(id(answer)).isEqualTo("stream-1");
  }

  @Test
  void aLineTellsWhatWasAskedAndHowItEnded(CapturedOutput output) throws Exception {
    String prompt = "{\"prompt\": \"A secret prince\", \"max_tokens\": 3, \"ignore_eos\": true}";
    int tokens = server.model().tokenizer().encode("A secret prince").length;
    ask("/v1/completions?api_key=hidden", prompt, "line-1");
    ask("/v1/completions", "{\"prompt\": 7}", "line-2");
    ask("/v1/tokenize", "{\"text\": \"A secret prince\"}", "line-3");
    ask("/v1/nothing", "{}", "line-4");

    assertThat(line(output, "line-1"))
        .matches(
            "line-1 POST /v1/completions 200 success \\d+\\.\\d{3} s, gpt2-fairytales, "
                + tokens
                + " prompt tokens, 3 generated");
    assertThat(line(output, "line-2"))
        .matches(
            "line-2 POST /v1/completions 400 refused \\S+ s, gpt2-fairytales, 0 prompt tokens,"
                + " 0 generated");
    assertThat(line(output, "line-3")).matches("line-3 POST /v1/tokenize 200 success \\S+ s");
    assertThat(line(output, "line-4")).matches("line-4 POST /v1/nothing 404 refused \\S+ s");
    assertThat(output.getOut()).doesNotContain("secret").doesNotContain("hidden");
  }

  @Test
  void aClientThatLeavesHasALineToo(CapturedOutput output) throws Exception {
    try (RawHttp http = server.connect()) {
      String post = RawHttp.post("/v1/completions", EndlessCompletion.STREAM);
      int line = post.indexOf("\r\n") + 2;
      http.send(post.substring(0, line) + "X-Request-Id: left-1\r\n" + post.substring(line))
          .awaitBytes();
    }

    assertThat(line(output, "left-1")).startsWith("left-1 POST /v1/completions 200 cancelled ");
  }

  @Test
  void probesHaveNoLines(CapturedOutput output) throws Exception {
    for (String path : new String[] {"/health", "/metrics", "/actuator/health/readiness"}) {
      try (RawHttp http = server.connect()) {
        http.send("GET " + path + " HTTP/1.1\r\nHost: test\r\nX-Request-Id: probe-1\r\n\r\n")
            .answer();
      }
    }
    ask("/v1/tokenize", "{\"text\": \"a\"}", "after-1");

    line(output, "after-1");
    assertThat(output.getOut()).doesNotContain("probe-1");
  }
}
