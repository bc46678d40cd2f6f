package io.github.gpt2server.boot.settings;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Locale;
import java.util.Set;
import org.apache.commons.logging.Log;
import org.springframework.boot.EnvironmentPostProcessor;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName.Form;
import org.springframework.boot.context.properties.source.ConfigurationPropertySource;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.context.properties.source.IterableConfigurationPropertySource;
import org.springframework.boot.env.OriginTrackedMapPropertySource;
import org.springframework.boot.logging.DeferredLogFactory;
import org.springframework.boot.logging.LogFile;
import org.springframework.core.Ordered;
import org.springframework.core.env.CommandLinePropertySource;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.PropertySource;
import org.springframework.core.env.StandardEnvironment;

/**
 * Checks the settings before anything else starts, so that a wrong one is reported at once: the
 * names ({@link SettingNameCheck}), then the values.
 *
 * <p>Of other groups ({@code server.}, {@code spring.}), near misses of settings are refused where
 * a person has written them: on the command line, as system properties and in files.
 *
 * <p>Spring's own check of unknown names ({@code ignoreUnknownFields = false}) leaves environment
 * variables and system properties out and names no neighbor.
 */
public final class SettingsCheck implements EnvironmentPostProcessor, Ordered {
  private static final int MAX_PORT = 65_535;

  private static final String FORWARD_HEADERS = "server.forward-headers-strategy";

  private final Log log;

  /** Creates the check, with {@code logs} for messages from before there is a log. */
  public SettingsCheck(DeferredLogFactory logs) {
    this.log = logs.getLog(SettingsCheck.class);
  }

  /** Last, when every source of properties is known. */
  @Override
  public int getOrder() {
    return Ordered.LOWEST_PRECEDENCE;
  }

  /**
   * Checks the names, removes those without a value, then checks the values.
   *
   * @throws InvalidSettingException for the first that is refused
   */
  @Override
  public void postProcessEnvironment(
      ConfigurableEnvironment environment, SpringApplication application) {
    SpringSettings others = new SpringSettings();
    for (ConfigurationPropertySource source : ConfigurationPropertySources.get(environment)) {
      if (source instanceof IterableConfigurationPropertySource names) {
        SettingNameCheck.check(names);
        if (isWritten(names)) {
          checkOtherNames(names, others);
        }
      }
    }
    Set<String> blank = BlankSettings.remove(environment.getPropertySources());
    Gpt2Properties properties = Binder.get(environment).bindOrCreate("gpt2", Gpt2Properties.class);
    if (application.getWebApplicationType() != WebApplicationType.NONE
        && properties.apiKeys().isEmpty()
        && properties.apiKeysFile() == null) {
      blank.stream()
          .filter(name -> name.toLowerCase(Locale.ROOT).contains("key"))
          .findFirst()
          .ifPresent(name -> log.warn(name + " is empty: everyone may call this server"));
    }
    requirePort(environment, "server.port", 0);
    requirePort(environment, "management.server.port", -1);
    requireWritable(LogFile.get(environment));
    requireNoOtherProxies(environment.getProperty(FORWARD_HEADERS));
  }

  /** Spring Boot would believe every private address. */
  private static void requireNoOtherProxies(String strategy) {
    if (strategy != null && !strategy.equalsIgnoreCase("none")) {
      throw new InvalidSettingException(
          FORWARD_HEADERS,
          strategy,
          "gpt2.trusted-proxies, which names the proxies whose X-Forwarded-* headers are believed");
    }
  }

  /** Spring names neither the setting nor what is allowed. */
  private static void requirePort(ConfigurableEnvironment environment, String setting, int least) {
    String value = environment.getProperty(setting);
    if (value == null) {
      return;
    }
    try {
      int port = Integer.parseInt(value.strip());
      if (port >= least && port <= MAX_PORT) {
        return;
      }
    } catch (NumberFormatException e) {
      // Refused below, like a number that is no port.
    }
    throw new InvalidSettingException(setting, value, "a port from 0 to " + MAX_PORT);
  }

  /** Logback would print a page, and then nothing any more. */
  private static void requireWritable(LogFile logFile) {
    if (logFile == null) {
      return;
    }
    try {
      Path file = Path.of(logFile.toString()).toAbsolutePath();
      Files.createDirectories(file.getParent());
      Files.newOutputStream(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND).close();
    } catch (IOException | InvalidPathException e) {
      throw new InvalidSettingException(
          "logging.file.name", logFile.toString(), "a file that this process can write to");
    }
  }

  /** Returns whether a user wrote these names as they are: on the command line or in a file. */
  private static boolean isWritten(ConfigurationPropertySource source) {
    return source.getUnderlyingSource() instanceof CommandLinePropertySource
        || isSystemProperties(source)
        || (source.getUnderlyingSource() instanceof OriginTrackedMapPropertySource file
            && !file.getName().contains("class path"));
  }

  private static boolean isSystemProperties(ConfigurationPropertySource source) {
    return source.getUnderlyingSource() instanceof PropertySource<?> properties
        && properties.getName().equals(StandardEnvironment.SYSTEM_PROPERTIES_PROPERTY_SOURCE_NAME);
  }

  private static void checkOtherNames(
      IterableConfigurationPropertySource source, SpringSettings others) {
    for (ConfigurationPropertyName name : source) {
      String group = name.isEmpty() ? "" : name.getElement(0, Form.UNIFORM);
      if (!group.equals("gpt2") && Arguments.GROUPS.contains(group)) {
        others
            .meant(name.toString())
            .ifPresent(
                setting -> {
                  throw InvalidSettingException.of(
                      name + " is not a setting: did you mean " + setting + "?");
                });
      }
    }
  }
}
