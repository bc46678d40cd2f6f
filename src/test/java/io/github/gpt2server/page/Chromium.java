package io.github.gpt2server.page;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.openqa.selenium.OutputType;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.springframework.util.FileSystemUtils;

/**
 * A headless Chromium with an empty profile, as Debian packages it; nothing is downloaded. All test
 * classes use one, which ends with the tests.
 */
final class Chromium implements AutoCloseable {
  private static final Path BROWSER = Path.of("/usr/bin/chromium");
  private static final Path DRIVER = Path.of("/usr/bin/chromedriver");

  // Selenium warns about every Chromium younger than itself; what is used here works with any. The
  // field keeps the logger, and so its level, alive.
  private static final Logger DEVTOOLS = Logger.getLogger("org.openqa.selenium.devtools");

  private final Path profile;
  private final ChromeDriver driver;

  private Chromium(Path profile, ChromeDriver driver) {
    this.profile = profile;
    this.driver = driver;
  }

  /** Skips a test class where there is no browser, and loudly so. */
  static final class Installed implements ExecutionCondition {
    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
      if (Files.isExecutable(BROWSER) && Files.isExecutable(DRIVER)) {
        return ConditionEvaluationResult.enabled("Chromium is installed");
      }
      String message =
          "%s is SKIPPED: %s or %s is missing. Install Debian's packages 'chromium' and 'chromium-driver'."
              .formatted(context.getDisplayName(), BROWSER, DRIVER);
      System.err.println("WARNING: " + message);
      return ConditionEvaluationResult.disabled(message);
    }
  }

  /** Gives a method the browser, which starts with the first of them. */
  static final class Shared implements ParameterResolver {
    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
      return parameter.getParameter().getType() == Chromium.class;
    }

    @Override
    public Chromium resolveParameter(ParameterContext parameter, ExtensionContext context) {
      return context
          .getRoot()
          .getStore(Namespace.create(Chromium.class))
          .computeIfAbsent(Chromium.class, type -> start(), Chromium.class);
    }
  }

  private static Chromium start() {
    Path profile;
    try {
      profile = Files.createTempDirectory("playground-profile");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    ChromeOptions options = new ChromeOptions();
    options.setBinary(BROWSER.toFile());
    options.addArguments(
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--user-data-dir=" + profile);
    // With the driver's path given, Selenium Manager is not asked and downloads nothing.
    ChromeDriverService service =
        new ChromeDriverService.Builder()
            .usingDriverExecutable(DRIVER.toFile())
            .usingAnyFreePort()
            .build();
    DEVTOOLS.setLevel(Level.SEVERE);
    ChromeDriver driver = new ChromeDriver(service, options);
    driver.manage().timeouts().scriptTimeout(Duration.ofSeconds(30));
    return new Chromium(profile, driver);
  }

  ChromeDriver driver() {
    return driver;
  }

  /** Makes the page believe in a screen of this size and in the person's choice of colours. */
  void screen(int width, int height, String colourScheme) {
    driver.executeCdpCommand(
        "Emulation.setDeviceMetricsOverride",
        Map.of("width", width, "height", height, "deviceScaleFactor", 1, "mobile", width < 600));
    driver.executeCdpCommand(
        "Emulation.setEmulatedMedia",
        Map.of(
            "features",
            new Object[] {Map.of("name", "prefers-color-scheme", "value", colourScheme)}));
  }

  void screenshot(Path file) throws IOException {
    Files.createDirectories(file.getParent());
    Files.write(file, driver.getScreenshotAs(OutputType.BYTES));
  }

  @Override
  public void close() {
    driver.quit();
    try {
      FileSystemUtils.deleteRecursively(profile);
    } catch (IOException e) {
      // The browser's children may still write while they end; the folder is a temporary one.
      System.err.println("Left behind: " + profile + " (" + e.getMessage() + ")");
    }
  }
}
