package io.github.gpt2server.page;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.testing.LiveServer;
import io.github.gpt2server.testing.SharedServer;
import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.openqa.selenium.By;
import org.openqa.selenium.WebElement;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Swagger UI on the real server, as a newcomer tries it: every example as it stands. */
@SharedServer
class SwaggerUiIT extends BrowserIT {
  private static final JsonMapper JSON = new JsonMapper();

  private static LiveServer server;

  @Test
  void completionsAreTriedOut() throws Exception {
    Tried tried = tryOut("/v1/completions");
    JsonNode choice = tried.answer().get("choices").get(0);
    assertThat(choice.get("text").stringValue()).isNotEmpty();
    assertThat(tried.answer().at("/usage/completion_tokens").intValue())
        .isBetween(1, tried.request().get("max_tokens").intValue());
  }

  @Test
  void nextTokenIsTriedOut() throws Exception {
    Tried tried = tryOut("/v1/next-token");
    assertThat(tried.answer()).isEqualTo(server.ask("/v1/next-token", tried.request().toString()));
    assertThat(tried.answer().get("top")).hasSize(5);
  }

  /** The example that was sent and the answer that was shown. */
  private record Tried(JsonNode request, JsonNode answer) {}

  /** Opens the page, then the endpoint, and sends its example. */
  private static Tried tryOut(String path) throws Exception {
    chromium.driver().get(server.base().resolve("swagger-ui.html").toString());
    WebElement endpoint =
        await(
            By.xpath(
                "//div[contains(@class, 'opblock-post')][.//span[@data-path='%s']]"
                    .formatted(path)));
    chromium.screenshot(PICTURES.resolve("swagger.png"));
    endpoint.findElement(By.className("opblock-summary-control")).click();
    await(endpoint, By.className("try-out__btn")).click();
    String example = await(endpoint, By.tagName("textarea")).getDomProperty("value");
    await(endpoint, By.className("execute")).click();

    WebElement response = await(endpoint, By.cssSelector(".live-responses-table tr.response"));
    String name = path.substring(path.lastIndexOf('/') + 1);
    chromium.driver().executeScript("arguments[0].scrollIntoView({block: 'center'})", response);
    chromium.screenshot(PICTURES.resolve("swagger-%s.png".formatted(name)));
    assertThat(response.findElement(By.className("response-col_status")).getText())
        .isEqualTo("200");
    String body =
        await(response, By.cssSelector(".response-col_description .highlight-code code"))
            .getDomProperty("textContent");
    return new Tried(JSON.readTree(example), JSON.readTree(body));
  }

  private static WebElement await(By what) {
    return await(chromium.driver().findElement(By.tagName("body")), what);
  }

  /** Waits until React has drawn it. */
  private static WebElement await(WebElement parent, By what) {
    return Awaitility.await(what.toString())
        .pollInSameThread()
        .pollInterval(Duration.ofMillis(25))
        .atMost(Duration.ofSeconds(30))
        .until(() -> parent.findElements(what), found -> !found.isEmpty())
        .get(0);
  }
}
