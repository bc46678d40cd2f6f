package io.github.gpt2server.page;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/** What the playground says when the server refuses, breaks off or is not ready. */
class PlaygroundErrorsIT extends ScriptedServerIT {
  @Test
  void showsAnErrorOfTheServer() throws Exception {
    server.on(
        "/v1/completions",
        exchange ->
            exchange.json(
                429,
                """
                {"error":{"message":"The queue is full: <b>256</b> requests wait.",
                  "type":"rate_limit_error","param":null,"code":"queue_full"}}""",
                "Retry-After",
                "3"));
    PlaygroundPage page = open();
    page.click("generate");
    page.waitUntil("an error", () -> !page.error().isEmpty());
    assertThat(page.error())
        .isEqualTo(
            "The queue is full: <b>256</b> requests wait.\n"
                + "HTTP 429 · rate_limit_error · queue_full · try again in 3 s");
    assertThat(page.text()).isEqualTo(PROMPT);
    page.waitUntil("ready again", () -> !page.running());
    chromium.screenshot(PICTURES.resolve("error.png"));
  }

  @Test
  void showsAnErrorThatComesInTheMiddle() {
    server.on(
        "/v1/completions",
        exchange ->
            exchange
                .events()
                .text(
                    chunk(" hen", null)
                        + "event: error\ndata: {\"error\":{\"message\":\"The server is shutting down.\","
                        + "\"type\":\"server_error\",\"param\":null,\"code\":\"shutting_down\"}}\n\n"));
    PlaygroundPage page = open();
    page.click("generate");
    page.waitUntil("an error", () -> !page.error().isEmpty());
    assertThat(page.error())
        .isEqualTo("The server is shutting down.\nserver_error · shutting_down");
    assertThat(page.text()).isEqualTo(PROMPT + " hen");
    assertThat(page.status()).endsWith("failed");
  }

  @Test
  void doesNotTakeACutStreamForAWholeOne() {
    server.on("/v1/completions", exchange -> exchange.events().text(chunk(" hen", null)));
    PlaygroundPage page = open();
    page.click("generate");
    page.waitUntil("an error", () -> !page.error().isEmpty());
    assertThat(page.error()).isEqualTo("The connection ended before the answer was complete.");
    assertThat(page.text()).isEqualTo(PROMPT + " hen");
  }

  @Test
  void asksForAKeyAndSendsIt() throws Exception {
    String refusal =
        "{\"error\":{\"message\":\"Wrong key.\",\"type\":\"authentication_error\",\"param\":null,\"code\":null}}";
    for (var path : List.of("/v1/models", "/v1/next-token")) {
      String answer = path.equals("/v1/models") ? MODELS : NEXT;
      server.on(
          path,
          exchange -> {
            boolean known = "Bearer sesame".equals(exchange.request().authorization());
            exchange.json(known ? 200 : 401, known ? answer : refusal);
          });
    }
    PlaygroundPage page = PlaygroundPage.open(chromium.driver(), server.base());
    page.waitUntil("a field for the key", page::asksForKey);
    chromium.screenshot(PICTURES.resolve("key.png"));
    page.enterKey("wrong");
    page.waitUntil("asked again", page::asksForKey);
    page.enterKey("sesame");
    page.waitUntil("the model", () -> page.model().contains("gpt2-fairytales"));
    assertThat(page.bars()).hasSize(5);
    assertThat(page.asksForKey()).isFalse();
  }

  @Test
  void waitsForAModelThatIsStillLoading() {
    CountDownLatch loaded = new CountDownLatch(1);
    server.on(
        "/v1/models",
        exchange -> {
          if (loaded.getCount() == 0) {
            exchange.json(200, MODELS);
          } else {
            exchange.json(503, "{\"error\":{\"message\":\"Loading.\"}}", "Retry-After", "1");
          }
        });
    PlaygroundPage page = PlaygroundPage.open(chromium.driver(), server.base());
    page.waitUntil("loading", () -> page.model().contains("loading the model…"));
    loaded.countDown();
    page.waitUntil("the model", () -> page.model().contains("gpt2-fairytales"));
    assertThat(page.bars()).hasSize(5);
  }
}
