package io.github.gpt2server.page;

import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionTimeoutException;
import org.openqa.selenium.By;
import org.openqa.selenium.ElementClickInterceptedException;
import org.openqa.selenium.Keys;
import org.openqa.selenium.StaleElementReferenceException;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;

/** The playground as a person uses it, on whichever server. */
final class PlaygroundPage {
  /** A row of the next-token panel: what it shows, and its bar's share of the full width. */
  record Bar(String token, String probability, double share, boolean enabled) {}

  private final ChromeDriver driver;

  private PlaygroundPage(ChromeDriver driver) {
    this.driver = driver;
  }

  /** An API key given to the same server in an earlier visit is still in use. */
  static PlaygroundPage open(ChromeDriver driver, URI base) {
    driver.get(base.toString());
    return new PlaygroundPage(driver);
  }

  List<String> model() {
    return driver.findElements(By.cssSelector("#model li")).stream()
        .map(WebElement::getText)
        .toList();
  }

  /** The prompt and everything behind it. */
  String text() {
    return find("prompt").getDomProperty("value");
  }

  /** The part of the text that is tinted as the model's. */
  String generated() {
    return find("mirror-generated").getDomProperty("textContent");
  }

  void type(String prompt) {
    WebElement area = find("prompt");
    area.sendKeys(Keys.chord(Keys.CONTROL, "a"), Keys.DELETE);
    area.sendKeys(prompt);
  }

  /** Replaces the prompt in one go, with characters that no key of a keyboard gives. */
  void paste(String prompt) {
    find("prompt").sendKeys(Keys.chord(Keys.CONTROL, "a"), Keys.DELETE);
    driver.executeCdpCommand("Input.insertText", Map.of("text", prompt));
  }

  void press(CharSequence... keys) {
    driver.switchTo().activeElement().sendKeys(Keys.chord(keys));
  }

  void set(String field, String value) {
    WebElement input = find(field);
    input.clear();
    input.sendKeys(value);
  }

  /** A text that grows moves what is below it, even while the place of a click is looked up. */
  void click(String button) {
    Awaitility.await()
        .ignoreException(ElementClickInterceptedException.class)
        .until(
            () -> {
              find(button).click();
              return true;
            });
  }

  boolean running() {
    return find("stop").isEnabled();
  }

  String status() {
    return find("status").getText();
  }

  /** The error's message and details, or an empty string while none is shown. */
  String error() {
    return find("error").getText();
  }

  boolean asksForKey() {
    return find("key-form").isDisplayed();
  }

  String focused() {
    return driver.switchTo().activeElement().getDomAttribute("id");
  }

  void enterKey(String key) {
    find("key").sendKeys(key, Keys.ENTER);
  }

  String entropy() {
    return find("entropy").getText();
  }

  String length() {
    return find("length").getText();
  }

  String barsMessage() {
    return find("bars-message").getText();
  }

  /** The bars, once they belong to the text as it stands. */
  List<Bar> bars() {
    awaitBars();
    // One script, since a question to the browser for each part of each row takes seconds. The
    // width is the one that was set: the one on the screen may still be gliding.
    List<?> rows =
        (List<?>)
            driver.executeScript(
                """
                return [...document.querySelectorAll('#bars button')].map((button) => [
                  button.querySelector('.token').textContent,
                  button.querySelector('.probability').innerText,
                  button.querySelector('.track span').style.width,
                  button.getAttribute('aria-disabled') === 'false'])
                """);
    return rows.stream().map(row -> bar((List<?>) row)).toList();
  }

  private static Bar bar(List<?> row) {
    String width = (String) row.get(2);
    if (!width.endsWith("%")) {
      throw new AssertionError("a bar without a width: " + row);
    }
    return new Bar(
        (String) row.get(0),
        (String) row.get(1),
        Double.parseDouble(width.substring(0, width.length() - 1)) / 100,
        (Boolean) row.get(3));
  }

  /** Waits until the bars belong to the text as it stands. */
  void awaitBars() {
    waitUntil(
        "the bars are up to date",
        () -> !driver.findElements(By.cssSelector("#bars:not(.stale) li")).isEmpty());
  }

  void clickBar(int index) {
    driver.findElements(By.cssSelector("#bars button")).get(index).click();
  }

  /** Returns whether a part of the page is within the screen, whole. */
  boolean onScreen(String id) {
    return (Boolean)
        driver.executeScript(
            """
            const {top, bottom} = document.getElementById(arguments[0]).getBoundingClientRect();
            return top >= 0 && bottom <= window.innerHeight;
            """,
            id);
  }

  /** How far the page is wider than the screen, in CSS pixels. */
  long overhang() {
    return (Long)
        driver.executeScript("return document.documentElement.scrollWidth - window.innerWidth");
  }

  Object run(String script, Object... arguments) {
    return driver.executeScript(script, arguments);
  }

  Object runAsync(String script, Object... arguments) {
    return driver.executeAsyncScript(script, arguments);
  }

  void waitUntil(String what, Supplier<Boolean> condition) {
    try {
      Awaitility.await()
          .pollInSameThread()
          .pollInterval(Duration.ofMillis(25))
          .atMost(Duration.ofSeconds(20))
          .ignoreException(StaleElementReferenceException.class)
          .until(condition::get);
    } catch (ConditionTimeoutException e) {
      throw new AssertionError(
          "Waited in vain until %s; text: %s; status: %s; error: %s; bars: %s"
              .formatted(what, text(), status(), error(), barsMessage()),
          e);
    }
  }

  private WebElement find(String id) {
    return driver.findElement(By.id(id));
  }
}
