package io.github.gpt2server.page;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.testing.LiveServer;
import io.github.gpt2server.testing.OwnServer;
import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.openqa.selenium.By;

/** The pages of the real server when it has a key. */
@OwnServer("--gpt2.api-keys=sesame")
class KeyedServerIT extends BrowserIT {
  private static LiveServer server;

  @Test
  void thePlaygroundAsksForTheKey() {
    PlaygroundPage page = PlaygroundPage.open(chromium.driver(), server.base());
    page.waitUntil("a field for the key", page::asksForKey);
    page.enterKey("sesame");
    page.waitUntil("the model", () -> page.model().contains("gpt2-fairytales"));
    page.awaitBars();
    page.click("generate");
    page.waitUntil("the end", () -> page.status().contains("finish reason"));
    assertThat(page.error()).isEmpty();
  }

  @Test
  void swaggerUiOpensWithTheKeyAsPassword() {
    // What a person types into the browser's form, which a driver cannot.
    String metrics = server.base().resolve("metrics").toString();
    chromium.driver().get(metrics.replace("http://", "http://me:sesame@"));
    assertThat(chromium.driver().getPageSource()).contains("gpt2_ready 1.0");
    chromium.driver().get(server.base().resolve("swagger-ui.html").toString());

    Awaitility.await()
        .pollInSameThread()
        .atMost(Duration.ofSeconds(30))
        .until(
            () ->
                !chromium
                    .driver()
                    .findElements(By.cssSelector("span[data-path='/v1/completions']"))
                    .isEmpty());
  }
}
