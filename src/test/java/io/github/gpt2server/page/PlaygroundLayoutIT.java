package io.github.gpt2server.page;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How the playground looks: on wide and narrow screens, in light and dark colours. */
class PlaygroundLayoutIT extends ScriptedServerIT {
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
    page.awaitBars();
    // The bars glide to their widths, and fade in.
    Thread.sleep(400);
    chromium.screenshot(PICTURES.resolve("%d-%s.png".formatted(width, scheme)));
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
          "{\"token_id\":%d,\"token\":\"%s\",\"bytes\":[0],\"probability\":%s,\"logprob\":%s,\"rank\":%d}"
              .formatted(i, tokens[i], probability, Math.log(probability), i + 1));
      probability *= 0.55;
    }
    return "{\"prompt_tokens\":75,\"entropy_bits\":2.81,\"top\":[%s]}"
        .formatted(String.join(",", top));
  }
}
