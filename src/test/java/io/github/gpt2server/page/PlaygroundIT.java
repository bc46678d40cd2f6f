package io.github.gpt2server.page;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.page.PlaygroundPage.Bar;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.openqa.selenium.Keys;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What a person does in the playground, with answers that come as hoped, however they are cut. */
class PlaygroundIT extends ScriptedServerIT {
  private static final JsonMapper JSON = new JsonMapper();

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
    page.awaitBars();
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
            new Bar("<b>U+00A0", "0.040 %", 0.0004, true),
            new Bar("no text", "0.005 %", 0.00005, false));
    assertThat(page.entropy()).isEqualTo("entropy 3.46 bits");
    assertThat(page.barsMessage()).isEqualTo("All other tokens together: 10.5 %");

    server.requests().clear();
    page.clickBar(0);
    page.awaitBars();
    page.clickBar(1);
    page.awaitBars();
    page.clickBar(2);
    page.clickBar(4);
    page.clickBar(3);
    page.awaitBars();
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
    page.awaitBars();
    server.requests().clear();
    page.type("The fox");
    List<String> prompts = new ArrayList<>();
    do {
      prompts.add(JSON.readTree(take("/v1/next-token").body()).get("prompt").asString());
    } while (!prompts.contains("The fox"));
    assertThat(prompts).as("fewer than one for each key").hasSizeLessThan(5);
    page.awaitBars();
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
    assertThat(page.bars()).hasSize(5);
  }
}
