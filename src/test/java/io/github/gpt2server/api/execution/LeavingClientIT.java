package io.github.gpt2server.api.execution;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.testing.EndlessCompletion;
import io.github.gpt2server.testing.LiveServer;
import io.github.gpt2server.testing.OwnServer;
import io.github.gpt2server.testing.RawHttp;
import io.github.gpt2server.testing.Scrape;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A client that leaves frees what it held, at once. The requests here would generate a hundred
 * sequences through two slots; the engine is expected to be idle long before.
 */
@OwnServer({"--gpt2.max-sequences=2", "--gpt2.max-queue=3", "--server.http2.enabled=true"})
class LeavingClientIT {
  private static final String GENERATED_TOKENS = "gpt2_generation_tokens_total";
  private static final String PROMPT_TOKENS = "gpt2_prompt_tokens_total";

  private static LiveServer server;

  private Scrape before;

  @BeforeEach
  void count() throws IOException {
    before = Scrape.of(server);
  }

  @AfterEach
  void idle() {
    server.awaitStatus(status -> status.running() == 0 && status.waiting() == 0);
  }

  @Test
  void leavingAStreamCancels() throws IOException {
    RawHttp client =
        server.connect().send(RawHttp.post("/v1/completions", EndlessCompletion.STREAM));
    while (!client.line().startsWith("data: ")) {
      assertThat(server.model().engine().status().running()).isPositive();
    }
    client.leave();

    assertCancelled();
  }

  @Test
  void leavingAWholeAnswerCancels() throws IOException {
    RawHttp client =
        server.connect().send(RawHttp.post("/v1/completions", EndlessCompletion.WHOLE));
    server.awaitStatus(status -> status.running() > 0);
    client.leave();

    assertCancelled();
  }

  @Test
  void aConnectionResetCancelsToo() throws IOException {
    RawHttp client =
        server.connect().send(RawHttp.post("/v1/completions", EndlessCompletion.WHOLE));
    server.awaitStatus(status -> status.running() > 0);
    client.reset();

    assertCancelled();
  }

  @Test
  void givingUpAnHttp2StreamCancels() throws Exception {
    HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_2).build();
    // The first answer switches the connection to HTTP/2.
    assertThat(client.send(http2("{\"max_tokens\": 1}"), BodyHandlers.ofString()).version())
        .isEqualTo(HttpClient.Version.HTTP_2);
    for (String body :
        new String[] {EndlessCompletion.WHOLE, EndlessCompletion.STREAM, EndlessCompletion.WHOLE}) {
      CompletableFuture<HttpResponse<String>> answer =
          client.sendAsync(http2(body), BodyHandlers.ofString());
      CompletableFuture<HttpResponse<String>> neighbor =
          client.sendAsync(http2("{\"max_tokens\": 3}"), BodyHandlers.ofString());
      server.awaitStatus(status -> status.running() > 0);
      answer.cancel(true);

      assertThat(neighbor.get().statusCode()).isEqualTo(200);
      assertCancelled();
    }
  }

  private static HttpRequest http2(String json) {
    return HttpRequest.newBuilder(server.base().resolve("v1/completions"))
        .header("Content-Type", "application/json")
        .POST(HttpRequest.BodyPublishers.ofString(json))
        .build();
  }

  @Test
  void closingAnHttp2ConnectionCancels() throws IOException {
    byte[] body = EndlessCompletion.WHOLE.getBytes(StandardCharsets.UTF_8);
    RawHttp client =
        server
            .connect()
            .send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
            .send(frame(4, 0, 0, new byte[0]))
            .send(frame(1, 4, 1, headers("/v1/completions", "test", "application/json")))
            .send(frame(0, 1, 1, body));
    server.awaitStatus(status -> status.running() > 0);
    client.leave();

    assertCancelled();
  }

  /** RFC 9113, section 4.1. */
  private static byte[] frame(int type, int flags, int stream, byte[] payload) {
    return ByteBuffer.allocate(9 + payload.length)
        .put((byte) 0)
        .putShort((short) payload.length)
        .put((byte) type)
        .put((byte) flags)
        .putInt(stream)
        .put(payload)
        .array();
  }

  /** RFC 7541: POST and http by their index, then values of names by theirs. */
  private static byte[] headers(String path, String authority, String contentType) {
    ByteArrayOutputStream block = new ByteArrayOutputStream();
    block.writeBytes(new byte[] {(byte) 0x83, (byte) 0x86, 0x04});
    text(block, path);
    block.write(0x01);
    text(block, authority);
    block.writeBytes(new byte[] {0x0f, 0x10});
    text(block, contentType);
    return block.toByteArray();
  }

  private static void text(ByteArrayOutputStream block, String text) {
    block.write(text.length());
    block.writeBytes(text.getBytes(StandardCharsets.US_ASCII));
  }

  @Test
  void leavingAfterASecondRequestWasSentEarlyCancelsBoth() throws IOException {
    String post = RawHttp.post("/v1/completions", EndlessCompletion.WHOLE);
    RawHttp client = server.connect().send(post + post);
    server.awaitStatus(status -> status.running() > 0);
    client.leave();

    assertCancelled();
  }

  @Test
  void leavingTheSecondRequestOfAConnectionCancels() throws IOException {
    RawHttp client = server.connect().send(RawHttp.post("/v1/completions", "{\"max_tokens\": 2}"));
    assertThat(client.answer().status()).isEqualTo(200);
    client.send(RawHttp.post("/v1/completions", EndlessCompletion.WHOLE));
    server.awaitStatus(status -> status.running() > 0);
    client.leave();

    assertCancelled();
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

    assertCancelled();
  }

  @Test
  void leavingTheQueueGivesThePlaceBackAndAFullQueueIs429() throws IOException {
    try (RawHttp first = server.connect();
        RawHttp second = server.connect();
        RawHttp third = server.connect();
        RawHttp fourth = server.connect()) {
      first.send(RawHttp.post("/v1/completions", EndlessCompletion.WHOLE));
      server.awaitStatus(status -> status.running() == 2);
      second.send(RawHttp.post("/v1/completions", EndlessCompletion.WHOLE));
      third.send(RawHttp.post("/v1/completions", EndlessCompletion.STREAM));
      server.awaitStatus(status -> status.waiting() == 3);

      for (String body : new String[] {EndlessCompletion.WHOLE, EndlessCompletion.STREAM}) {
        RawHttp.Answer refused = server.post("/v1/completions", body);
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

  /** A tenth of what the request would take is far more than a client needs to leave. */
  private void assertCancelled() throws IOException {
    server.awaitStatus(status -> status.running() == 0 && status.waiting() == 0);
    Scrape scrape = Scrape.of(server);
    assertThat(scrape.value(GENERATED_TOKENS) - before.value(GENERATED_TOKENS))
        .isLessThan(EndlessCompletion.TOKENS / 10);
    assertThat(scrape.value(PROMPT_TOKENS) - before.value(PROMPT_TOKENS))
        .isLessThan(100 * 506 / 10);
  }
}
