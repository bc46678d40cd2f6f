package io.github.gpt2server.page;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.ExtendWith;
import org.openqa.selenium.logging.LogType;

/** A browser for tests, and its opinion of each of them. */
@ExtendWith({Chromium.Installed.class, Chromium.Shared.class})
abstract class BrowserIT {
  /** Where screenshots land; they are for people. */
  static final Path PICTURES = Path.of("target/playground");

  static Chromium chromium;

  @BeforeAll
  static void takeBrowser(Chromium shared) {
    chromium = shared;
  }

  /** A page asks no server that is gone. */
  @AfterAll
  static void leavePage() {
    chromium.driver().get("about:blank");
  }

  @BeforeEach
  void resetScreen() {
    chromium.screen(1280, 900, "light");
  }

  @AfterEach
  void browserDidNotComplain() {
    assertThat(chromium.driver().manage().logs().get(LogType.BROWSER).getAll())
        .as("complaints of the browser, such as a breach of the content security policy")
        .filteredOn(complaint -> !complaint.getMessage().contains("Failed to load resource"))
        .isEmpty();
  }
}
