package io.github.gpt2server.page;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.page.PlaygroundPage.Bar;
import io.github.gpt2server.page.StubServer.Request;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.openqa.selenium.Keys;
import org.openqa.selenium.logging.LogType;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The playground against scripted answers, those that go wrong among them. */
@ExtendWith(Chromium.Installed.class)
class PlaygroundTest {
  private static final JsonMapper JSON = new JsonMapper();
  private static final String PROMPT = "Once upon a time, there was a";
  private static final String MODELS =
      """
      {"object":"list","data":[{"id":"gpt2-fairytales","object":"model","max_model_len":512,
        "vocab_size":4096,"parameters":6404800,"dtype":"float32","device":"cpu"}]}""";
  private static final String NEXT =
      """
      {"model":"gpt2-fairytales","prompt_tokens":8,"entropy_bits":3.4567,"candidates":[],"top":[
        {"token_id":7,"token":" little","bytes":[32,108,105,116,116,108,101],"probability":0.52,"logprob":-0.654,"rank":1},
        {"token_id":8,"token":"\\n","bytes":[10],"probability":0.25,"logprob":-1.386,"rank":2},
        {"token_id":9,"token":"bytes:\\\\xe2\\\\x80","bytes":[226,128],"probability":0.125,"logprob":-2.079,"rank":3},
        {"token_id":10,"token":"<b>\\u00a0","bytes":[60,98,62,194,160],"probability":0.0004,"logprob":-7.824,"rank":4}]}""";

  private static Chromium chromium;

  private StubServer server;

  @BeforeAll
  static void startBrowser() {
    chromium = Chromium.start();
  }

  @AfterAll
  static void stopBrowser() {
    if (chromium != null) {
      chromium.close();
    }
  }

  @BeforeEach
  void startServer() throws Exception {
    chromium.screen(1280, 900, "light");
    server = new StubServer();
    server.on("/v1/models", exchange -> exchange.json(200, MODELS));
    server.on("/v1/next-token", exchange -> exchange.json(200, NEXT));
  }

  @AfterEach
  void stopServer() {
    server.close();
    assertThat(chromium.driver().manage().logs().get(LogType.BROWSER).getAll())
        .as("complaints of the browser, such as a breach of the content security policy")
        .filteredOn(complaint -> !complaint.getMessage().contains("Failed to load resource"))
        .isEmpty();
    assertThat(server.unknown()).as("paths the page asked for in vain").isEmpty();
  }

  @Test
  void showsWhatIsServed() {
    PlaygroundPage page = open();
    assertThat(page.model())
        .containsExactly("gpt2-fairytales", "float32", "cpu", "6.40M parameters");
    assertThat(page.text()).isEqualTo(PROMPT);
    assertThat(page.length()).isEqualTo("8 of 512 tokens");
  }

  @Test
  void appendsStreamedTextExactlyAndWhileItComes() throws Exception {
    CountDownLatch firstTextSeen = new CountDownLatch(1);
    byte[] moon = "🌕".getBytes(UTF_8);
    server.on(
        "/v1/completions",
        exchange -> {
          var events = exchange.events();
          events.text(": the request waits\r\n\r\n");
          events.text(chunk(" castle", null).replace("\n", "\r\n"));
          firstTextSeen.await();
          events.pieces(
              "da".getBytes(UTF_8),
              "ta: {\"choices\":[{\"index\":0,\"text\":\" é".getBytes(UTF_8),
              Arrays.copyOfRange(moon, 0, 1),
              Arrays.copyOfRange(moon, 1, 3),
              Arrays.copyOfRange(moon, 3, 4),
              "\",\"finish_reason\":null}]}\r".getBytes(UTF_8),
              "\n\r".getBytes(UTF_8),
              "\n".getBytes(UTF_8));
          events.text(chunk("\\n<img src=x onerror=alert(1)>  \\u2028&amp;", null));
          events.text(chunk(" end", "length"));
          events.text(
              """
              data: {"choices":[],"usage":{"prompt_tokens":8,"completion_tokens":9}}

              data: [DONE]

              """);
        });
    PlaygroundPage page = open();
    page.set("seed", "42");
    server.requests().clear();
    page.click("generate");

    page.waitUntil("first text", () -> page.text().equals(PROMPT + " castle"));
    assertThat(page.running()).isTrue();
    firstTextSeen.countDown();

    page.waitUntil("the end", () -> !page.running());
    String expected = " castle é🌕\n<img src=x onerror=alert(1)>  \u2028&amp; end";
    assertThat(page.text()).isEqualTo(PROMPT + expected);
    assertThat(page.generated()).isEqualTo(expected);
    assertThat(page.run("return document.images.length")).isEqualTo(0L);
    assertThat(page.status())
        .matches("9 tokens · [0-9.]+ tokens/s · first after \\d+ ms · finish reason: length .*");
    assertThat(page.error()).isEmpty();

    JsonNode sent = JSON.readTree(take("/v1/completions").body());
    assertThat(sent.get("prompt").asString()).isEqualTo(PROMPT);
    assertThat(sent.get("stream").asBoolean()).isTrue();
    assertThat(sent.get("max_tokens").asInt()).isEqualTo(120);
    assertThat(sent.get("temperature").asDouble()).isEqualTo(0.8);
    assertThat(sent.get("top_p").asDouble()).isEqualTo(0.95);
    assertThat(sent.get("seed").asInt()).isEqualTo(42);

    // The bars that follow are those of the whole text.
    page.bars();
    JsonNode asked = JSON.readTree(take("/v1/next-token").body());
    assertThat(asked.get("prompt").asString()).isEqualTo(PROMPT + expected);
    assertThat(asked.get("top_k").asInt()).isEqualTo(10);
  }

  @Test
  void parsesEventsWhereverTheyAreCut() {
    // Every cut into three pieces of a stream that has all the standard allows.
    String script =
        """
        const done = arguments[arguments.length - 1];
        const stream = '\\uFEFF: comment\\r\\ndata: {"é":"🌕"}\\r\\n\\r\\nevent: error\\rdata:a\\rdata: b\\r\\r'
            + 'id: 1\\ndata\\n\\nevent: lost\\n\\ndata:  [DONE]\\n\\ndata: unfinished\\n';
        const expected = JSON.stringify([
          {type: 'message', data: '{"é":"🌕"}'}, {type: 'error', data: 'a\\nb'},
          {type: 'message', data: ''}, {type: 'message', data: ' [DONE]'}]);
        import('./sse.js').then(({SseParser}) => {
          const bytes = new TextEncoder().encode(stream);
          for (let i = 0; i <= bytes.length; i++) {
            for (let j = i; j <= bytes.length; j++) {
              const events = [];
              const parser = new SseParser((event) => events.push(event));
              for (const piece of [[0, i], [i, j], [j]]) parser.push(bytes.slice(...piece));
              parser.end();
              const actual = JSON.stringify(events);
              if (actual !== expected) return done(`cut at ${i} and ${j}: ${actual}`);
            }
          }
          done('all alike');
        }).catch((failure) => done(String(failure)));
        """;
    assertThat(open().runAsync(script)).isEqualTo("all alike");
  }

  @Test
  void showsBarsInOrderAndAppendsTheChosenToken() throws Exception {
    PlaygroundPage page = open();
    assertThat(page.bars())
        .containsExactly(
            new Bar("␣little", "52.0 %", 0.52, true),
            new Bar("↵", "25.0 %", 0.25, true),
            new Bar("E2 80", "12.5 %", 0.125, false),
            new Bar("<b>U+00A0", "0.040 %", 0.0004, true));
    assertThat(page.entropy()).isEqualTo("entropy 3.46 bits");
    assertThat(page.barsMessage()).isEqualTo("All other tokens together: 10.5 %");

    server.requests().clear();
    page.clickBar(0);
    page.bars();
    page.clickBar(1);
    page.bars();
    page.clickBar(2);
    page.clickBar(3);
    page.bars();
    assertThat(page.text()).isEqualTo(PROMPT + " little\n<b>\u00a0");
    assertThat(page.generated()).isEqualTo(" little\n<b>\u00a0");
    assertThat(JSON.readTree(take("/v1/next-token").body()).get("prompt").asString())
        .isEqualTo(PROMPT + " little");

    page.click("undo");
    page.click("undo");
    assertThat(page.text()).isEqualTo(PROMPT + " little");
  }

  @Test
  void asksForBarsOnceTypingPauses() throws Exception {
    PlaygroundPage page = open();
    page.bars();
    server.requests().clear();
    page.type("The fox");
    List<String> prompts = new ArrayList<>();
    do {
      prompts.add(JSON.readTree(take("/v1/next-token").body()).get("prompt").asString());
    } while (!prompts.contains("The fox"));
    assertThat(prompts).as("fewer than one for each key").hasSizeLessThan(5);
    page.bars();
    assertThat(server.requests()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"button", "escape"})
  void stopClosesTheConnection(String how) throws Exception {
    CountDownLatch gone = new CountDownLatch(1);
    server.on(
        "/v1/completions",
        exchange -> {
          try {
            exchange.events().text(chunk(" wolf", null)).untilGone();
          } finally {
            gone.countDown();
          }
        });
    PlaygroundPage page = open();
    page.type("A");
    page.press(Keys.CONTROL, Keys.ENTER);
    page.waitUntil("text", () -> page.text().equals("A wolf"));
    assertThat(gone.getCount()).isEqualTo(1);

    if (how.equals("button")) {
      page.click("stop");
    } else {
      page.press(Keys.ESCAPE);
    }
    assertThat(gone.await(10, TimeUnit.SECONDS)).as("the server sees the end").isTrue();
    page.waitUntil("stopped", () -> !page.running());
    assertThat(page.status()).startsWith("1 token · ").endsWith("stopped");
    assertThat(page.error()).isEmpty();
    assertThat(page.text()).isEqualTo("A wolf");
    assertThat(page.focused()).isEqualTo(how.equals("button") ? "generate" : "prompt");
    assertThat(page.bars()).hasSize(4);
  }

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
    chromium.screenshot(Path.of("target/playground/error.png"));
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
    chromium.screenshot(Path.of("target/playground/key.png"));
    page.enterKey("wrong");
    page.waitUntil("asked again", page::asksForKey);
    page.enterKey("sesame");
    page.waitUntil("the model", () -> page.model().contains("gpt2-fairytales"));
    assertThat(page.bars()).hasSize(4);
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
    assertThat(page.bars()).hasSize(4);
  }

  /** The pictures are for people: they land in {@code target/playground}. */
  @ParameterizedTest
  @CsvSource({"1280, 900, light", "1280, 900, dark", "390, 844, light", "390, 844, dark"})
  void fitsTheScreen(int width, int height, String scheme) throws Exception {
    String story =
        " little girl who lived with her grandmother at the edge of a great forest. Every morning she"
            + " went out to gather berries, and every evening she came home singing.\\n\\n\\\"Where have"
            + " you been, my child?\\\" asked the old woman. Supercalifragilisticexpialidocious"
            + "supercalifragilisticexpialidocious!";
    server.on(
        "/v1/completions",
        exchange -> exchange.events().text(chunk(story, "length") + "data: [DONE]\n\n"));
    server.on("/v1/next-token", exchange -> exchange.json(200, tenCandidates()));
    chromium.screen(width, height, scheme);
    PlaygroundPage page = open();
    page.click("generate");
    page.waitUntil("the end", () -> page.status().contains("finish reason"));
    page.bars();
    // The bars glide to their widths, and fade in.
    Thread.sleep(400);
    chromium.screenshot(Path.of("target/playground/%d-%s.png".formatted(width, scheme)));
    assertThat(page.overhang()).as("no scrolling sideways").isLessThanOrEqualTo(0);
    assertThat(
            page.run(
                "const {scrollHeight, clientHeight} = document.getElementById('prompt');"
                    + "return scrollHeight - clientHeight"))
        .as("the area has grown with its text")
        .isEqualTo(0L);
    assertThat(page.run("return getComputedStyle(document.body).backgroundColor"))
        .isEqualTo(scheme.equals("dark") ? "rgb(18, 21, 24)" : "rgb(244, 245, 247)");
  }

  private static String tenCandidates() {
    String[] tokens = {
      " He", "\\n", " She", " And", " \\\"", " The", "\\n\\n", " But", " It", " grandmother"
    };
    double probability = 0.42;
    List<String> top = new ArrayList<>();
    for (int i = 0; i < tokens.length; i++) {
      top.add(
          "{\"token_id\":%d,\"token\":\"%s\",\"bytes\":[],\"probability\":%s,\"logprob\":%s,\"rank\":%d}"
              .formatted(i, tokens[i], probability, Math.log(probability), i + 1));
      probability *= 0.55;
    }
    return "{\"prompt_tokens\":75,\"entropy_bits\":2.81,\"top\":[%s]}"
        .formatted(String.join(",", top));
  }

  /** Opens the page and waits until it has asked for everything it asks for by itself. */
  private PlaygroundPage open() {
    PlaygroundPage page = PlaygroundPage.open(chromium.driver(), server.base());
    page.bars();
    return page;
  }

  /** The next request for a path; those for others are passed over. */
  private Request take(String path) throws InterruptedException {
    while (true) {
      Request request = server.requests().poll(10, TimeUnit.SECONDS);
      assertThat(request).as("a request for " + path).isNotNull();
      if (request.path().equals(path)) {
        return request;
      }
    }
  }

  private static String chunk(String jsonText, String finishReason) {
    return "data: {\"id\":\"cmpl-1\",\"object\":\"text_completion\",\"choices\":[{\"index\":0,\"text\":\"%s\",\"finish_reason\":%s}]}\n\n"
        .formatted(jsonText, finishReason == null ? null : "\"" + finishReason + "\"");
  }
}
