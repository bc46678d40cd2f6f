package io.github.gpt2server.page;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.gpt2server.page.PlaygroundPage.Bar;
import io.github.gpt2server.testing.LiveServer;
import io.github.gpt2server.testing.OwnServer;
import io.github.gpt2server.testing.Scrape;
import java.io.InputStream;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** The playground on the real server: what it shows is what the embedded model says. */
@OwnServer({"--gpt2.dtype=float32", "--gpt2.max-sequences=2"})
class PlaygroundOnModelIT extends BrowserIT {
  private static final JsonMapper JSON = new JsonMapper();

  private static final String GENERATED_TOKENS = "gpt2_generation_tokens_total";

  private static LiveServer server;
  private static JsonNode golden;

  @BeforeAll
  static void startServer() throws Exception {
    try (InputStream in = PlaygroundOnModelIT.class.getResourceAsStream("/golden/greedy.json")) {
      golden = JSON.readTree(in);
    }
  }

  @AfterEach
  void idle() {
    server.awaitStatus(status -> status.running() == 0 && status.waiting() == 0);
  }

  @Test
  void showsWhatIsServed() throws Exception {
    PlaygroundPage page = open();
    assertThat(page.model())
        .containsExactly("gpt2-fairytales", "float32", "cpu", "6.41M parameters");
    int tokens = askNextToken(page.text()).get("prompt_tokens").intValue();
    assertThat(page.length()).isEqualTo(tokens + " of 512 tokens");
  }

  @Test
  void greedyTextsAreTheReferences() {
    assertThat(golden).hasSizeGreaterThan(3);
    PlaygroundPage page = open();
    page.set("temperature", "0");
    for (JsonNode example : golden) {
      String prompt = example.get("prompt").stringValue();
      String continuation = example.get("continuation").stringValue();
      int tokens = example.get("continuation_ids").size();
      page.paste(prompt);
      page.set("max-tokens", String.valueOf(tokens));
      page.click("generate");
      page.waitUntil("the end", () -> !page.running());

      assertThat(page.error()).isEmpty();
      assertThat(page.text()).isEqualTo(prompt + continuation);
      assertThat(page.generated()).isEqualTo(continuation);
      assertThat(page.status())
          .startsWith(tokens + " tokens · ")
          .endsWith("finish reason: length (max tokens reached)");
      page.awaitBars();
      assertThat(page.length())
          .isEqualTo((example.get("token_ids").size() + tokens) + " of 512 tokens");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Once upon a time, there was a",
        // Quotation marks and a line end are likely after these, and small probabilities.
        "The King said to the Queen,",
        "The wolf ran away.",
        "Café 漢字 🐉"
      })
  void barsAreWhatTheServerSays(String prompt) throws Exception {
    PlaygroundPage page = open();
    page.paste(prompt);
    List<Bar> bars = page.bars();

    JsonNode answer = askNextToken(prompt);
    JsonNode top = answer.get("top");
    assertThat(bars).hasSize(10).hasSize(top.size());
    double sum = 0;
    for (int i = 0; i < top.size(); i++) {
      Bar bar = bars.get(i);
      double probability = top.get(i).get("probability").doubleValue();
      assertThat(bar.token()).isEqualTo(shown(top.get(i).get("token").stringValue()));
      assertThat(bar.probability()).isEqualTo(percent(probability));
      assertThat(bar.share()).as(bar.token()).isCloseTo(probability, within(1e-5));
      assertThat(bar.enabled()).isTrue();
      sum += probability;
    }
    assertThat(page.entropy()).isEqualTo("entropy %s bits".formatted(rounded(entropy(answer), 2)));
    assertThat(page.barsMessage())
        .isEqualTo("All other tokens together: %s".formatted(percent(1 - sum)));
  }

  @Test
  void theLikeliestTokensOneByOneAreTheGreedyText() {
    PlaygroundPage page = open();
    String prompt = golden.get(0).get("prompt").stringValue();
    String continuation = golden.get(0).get("continuation").stringValue();
    page.paste(prompt);
    for (int i = 0; i < 8; i++) {
      page.awaitBars();
      page.clickBar(0);
    }
    page.awaitBars();
    assertThat(continuation).startsWith(page.generated());
    assertThat(page.generated()).hasSizeGreaterThan(20);
  }

  @Test
  void stopFreesTheEngine() throws Exception {
    PlaygroundPage page = open();
    double before = Scrape.of(server).value(GENERATED_TOKENS);
    // So many of the longest texts through two slots cannot have ended by themselves. What two of
    // them write together may be longer than the context before Stop is clicked:
    // the bars are those of its end.
    int texts = 40;
    page.run(
        """
        const own = window.fetch;
        window.fetch = (path, options) => {
          const body = JSON.parse(options.body);
          if (path.endsWith('/v1/completions')) Object.assign(body, {n: %d, ignore_eos: true});
          if (path.endsWith('/v1/next-token')) body.prompt = body.prompt.slice(-300);
          return own(path, {...options, body: JSON.stringify(body)});
        };
        """
            .formatted(texts));
    page.set("max-tokens", "500");
    page.click("generate");
    page.waitUntil("text", () -> !page.generated().isEmpty());
    assertThat(server.model().engine().status().running()).isEqualTo(2);

    page.click("stop");
    server.awaitStatus(status -> status.running() == 0 && status.waiting() == 0);
    Scrape after = Scrape.await(server, scrape -> scrape.value(GENERATED_TOKENS) > before);
    assertThat(after.value(GENERATED_TOKENS) - before).isLessThan(texts * 500);
    assertThat(page.status()).endsWith("stopped");
    assertThat(page.error()).isEmpty();
    assertThat(page.bars()).hasSize(10);
  }

  @ParameterizedTest
  @CsvSource({
    "max-tokens, -1, max_tokens",
    "max-tokens, 505, max_tokens",
    "max-tokens, 9999, max_tokens",
    "temperature, -1, temperature",
    "top-p, 7, top_p"
  })
  void aWrongValueShowsTheServersMessage(String setting, String value, String field)
      throws Exception {
    chromium.screen(390, 844, "light");
    PlaygroundPage page = open();
    String prompt = page.text();
    page.set(setting, value);
    page.click("generate");
    page.waitUntil("an error", () -> !page.error().isEmpty());

    chromium.screenshot(PICTURES.resolve("model-error-%s.png".formatted(setting)));
    ObjectNode request = JSON.createObjectNode().put("prompt", prompt);
    request.put(field, Integer.parseInt(value));
    JsonNode error = server.refusal("/v1/completions", request.toString());
    String code = error.get("code").isNull() ? "" : " · " + error.get("code").stringValue();
    assertThat(error.get("message").stringValue()).contains(value);
    assertThat(page.error())
        .isEqualTo(
            error.get("message").stringValue()
                + "\nHTTP 400 · invalid_request_error"
                + code
                + " · field "
                + field);
    assertThat(page.onScreen("error")).isTrue();
    assertThat(page.text()).isEqualTo(prompt);
  }

  @ParameterizedTest
  @CsvSource({"1280, 900, light", "1280, 900, dark", "390, 844, light", "390, 844, dark"})
  void looksAsItShould(int width, int height, String scheme) throws Exception {
    chromium.screen(width, height, scheme);
    PlaygroundPage page = open();
    page.set("seed", "1");
    page.click("generate");
    page.waitUntil("the end", () -> page.status().contains("finish reason"));
    assertThat(page.bars()).hasSize(10);
    // The bars glide to their widths, and fade in.
    Thread.sleep(400);
    chromium.screenshot(PICTURES.resolve("model-%d-%s.png".formatted(width, scheme)));
    assertThat(page.overhang()).as("no scrolling sideways").isLessThanOrEqualTo(0);
    if (width < 600) {
      page.run("window.scrollTo(0, document.body.scrollHeight)");
      chromium.screenshot(PICTURES.resolve("model-%d-%s-end.png".formatted(width, scheme)));
    }
  }

  private static PlaygroundPage open() {
    PlaygroundPage page = PlaygroundPage.open(chromium.driver(), server.base());
    page.awaitBars();
    return page;
  }

  private static JsonNode askNextToken(String prompt) throws Exception {
    ObjectNode request = JSON.createObjectNode().put("prompt", prompt).put("top_k", 10);
    return server.ask("/v1/next-token", request.toString());
  }

  private static double entropy(JsonNode answer) {
    return answer.get("entropy_bits").doubleValue();
  }

  /** A token with its white space made visible, as far as it occurs here. */
  private static String shown(String token) {
    return token.replace(' ', '␣').replace('\n', '↵');
  }

  private static String percent(double probability) {
    int digits = probability < 0.001 ? 3 : probability < 0.1 ? 2 : 1;
    return rounded(probability * 100, digits) + " %";
  }

  /** Rounds as JavaScript's {@code toFixed} does: the number's exact value, a half away from 0. */
  private static String rounded(double number, int digits) {
    return new BigDecimal(number).setScale(digits, RoundingMode.HALF_UP).toPlainString();
  }
}
