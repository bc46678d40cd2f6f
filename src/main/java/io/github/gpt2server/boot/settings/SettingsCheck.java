package io.github.gpt2server.boot.settings;

import java.io.IOException;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.commons.logging.Log;
import org.springframework.boot.EnvironmentPostProcessor;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.context.properties.NestedConfigurationProperty;
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
import org.springframework.core.env.SystemEnvironmentPropertySource;

/**
 * Checks the settings under {@code gpt2.} before anything else starts, so that a wrong one is told
 * at once. Refuses those that do not exist, so that a typing error does not pass for a default.
 * Among environment variables only near misses are refused: {@code GPT2_PORT} and the like are set
 * by Kubernetes for every service called gpt2 and mean nothing here.
 *
 * <p>Of other groups ({@code server.}, {@code spring.}), near misses of settings are refused where
 * a person has written them: on the command line, as system properties and in files.
 *
 * <p>Spring's own check of unknown names ({@code ignoreUnknownFields = false}) leaves environment
 * variables and system properties out and names no neighbour.
 */
public final class SettingsCheck implements EnvironmentPostProcessor, Ordered {
  private static final int NEAR = 2;
  private static final int MAX_PORT = 65_535;

  private static final String FORWARD_HEADERS = "server.forward-headers-strategy";

  private static final List<String> SETTINGS =
      Arrays.stream(Gpt2Properties.class.getRecordComponents())
          .flatMap(SettingsCheck::names)
          .toList();

  private final Log log;

  /** Takes {@code logs} for what is said before there is a log. */
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
    final SpringSettings others = new SpringSettings();
    for (ConfigurationPropertySource source : ConfigurationPropertySources.get(environment)) {
      if (source instanceof IterableConfigurationPropertySource names) {
        checkNames(names);
        if (isWritten(names)) {
          checkOtherNames(names, others);
        }
      }
    }
    final Set<String> blank = BlankSettings.remove(environment.getPropertySources());
    final Gpt2Properties properties =
        Binder.get(environment).bindOrCreate("gpt2", Gpt2Properties.class);
    if (application.getWebApplicationType() != WebApplicationType.NONE
        && properties.apiKeys().isEmpty()
        && properties.apiKeysFile() == null) {
      blank.stream()
          .filter(name -> name.toLowerCase(Locale.ROOT).contains("key"))
          .findFirst()
          .ifPresent(name -> log.warn(name + " is empty: everybody may call this server"));
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
    final String value = environment.getProperty(setting);
    if (value == null) {
      return;
    }
    try {
      final int port = Integer.parseInt(value.strip());
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
      final Path file = Path.of(logFile.toString()).toAbsolutePath();
      Files.createDirectories(file.getParent());
      Files.newOutputStream(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND).close();
    } catch (IOException | InvalidPathException e) {
      throw new InvalidSettingException(
          "logging.file.name", logFile.toString(), "a file that this process can write to");
    }
  }

  private static void checkNames(IterableConfigurationPropertySource source) {
    final boolean variables =
        source.getUnderlyingSource() instanceof SystemEnvironmentPropertySource;
    source.stream()
        .filter(name -> !name.isEmpty() && name.getElement(0, Form.UNIFORM).equals("gpt2"))
        .filter(name -> SETTINGS.stream().noneMatch(s -> isSpelling(name, s, variables)))
        .forEach(name -> refuse(name, String.valueOf(valueOf(source, name)), variables));
  }

  /** Whether a user wrote these names as they are: on the command line or in a file. */
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
    for (final ConfigurationPropertyName name : source) {
      final String group = name.isEmpty() ? "" : name.getElement(0, Form.UNIFORM);
      if (!group.equals("gpt2") && Arguments.GROUPS.contains(group)) {
        others
            .meant(name.toString())
            .ifPresent(
                setting -> {
                  throw InvalidSettingException.unknown(
                      name + " is not a setting: did you mean " + setting + "?");
                });
      }
    }
  }

  private static void refuse(ConfigurationPropertyName name, String value, boolean variable) {
    final Optional<String> nearest = nearest(uniform(name, variable), variable);
    // A variable that is just called GPT2 cannot be left alone: it takes the place of all settings.
    if (variable && nearest.isEmpty() && name.getNumberOfElements() > 1) {
      return;
    }
    final String written = variable ? variable(name.toString()) : name.toString();
    // What looks like a secret is not shown: start-up messages end up in log stores.
    final boolean secret =
        isSecret(uniform(name, true)) || nearest.filter(SettingsCheck::isSecret).isPresent();
    final String shown = secret ? written : written + "=" + value;
    throw InvalidSettingException.unknown(
        shown
            + nearest
                .map(setting -> " is not a setting: did you mean " + named(setting, variable) + "?")
                .orElseGet(() -> " is not a setting: there are " + all() + "."));
  }

  private static boolean isSecret(String name) {
    return name.contains("key") || name.contains("token");
  }

  private static Object valueOf(
      ConfigurationPropertySource source, ConfigurationPropertyName name) {
    return source.getConfigurationProperty(name).getValue();
  }

  /** The names of all settings, without {@code gpt2.}. */
  static List<String> names() {
    return SETTINGS;
  }

  /** The whole name of the setting that {@code name}, without {@code gpt2.}, is a near miss of. */
  static Optional<String> nearest(String name) {
    return nearest(name.replaceAll("[._-]", ""), true).map(setting -> "gpt2." + setting);
  }

  private static Optional<String> nearest(String uniform, boolean variable) {
    return SETTINGS.stream()
        // The name of a group takes the place of all settings in it.
        .filter(
            setting ->
                setting.startsWith(uniform + ".")
                    || isNear(uniform, uniform(setting, variable), variable))
        .min(Comparator.comparingInt(s -> distance(uniform, uniform(s, variable))));
  }

  private static boolean isNear(String given, String setting, boolean variable) {
    final boolean part =
        given.length() > NEAR && (setting.contains(given) || given.contains(setting));
    return distance(given, setting) <= NEAR || (part && !variable);
  }

  private static String named(String setting, boolean variable) {
    return variable ? variable("gpt2." + setting) : "gpt2." + setting;
  }

  private static String variable(String property) {
    return property.toUpperCase(Locale.ROOT).replaceAll("[^A-Z0-9]", "_");
  }

  private static String all() {
    return SETTINGS.stream().map(setting -> "gpt2." + setting).collect(Collectors.joining(", "));
  }

  private static boolean isSpelling(
      ConfigurationPropertyName name, String setting, boolean variable) {
    return uniform(setting, variable).equals(uniform(name, variable));
  }

  /**
   * The name without {@code gpt2.}, list indices and dashes. A variable's underscore is a dash or a
   * dot, which only the setting knows: GPT2_API_KEYS_0 is apikeys, GPT2_HUB_CACHE is hubcache.
   */
  private static String uniform(ConfigurationPropertyName name, boolean variable) {
    return IntStream.range(1, name.getNumberOfElements())
        .mapToObj(i -> name.getElement(i, Form.UNIFORM))
        .filter(element -> !element.chars().allMatch(Character::isDigit))
        .collect(Collectors.joining(variable ? "" : "."));
  }

  private static String uniform(String setting, boolean variable) {
    return setting.replaceAll(variable ? "[.-]" : "-", "");
  }

  /** The settings that a component stands for: itself, or what is nested in it. */
  private static Stream<String> names(RecordComponent component) {
    final String name = dashed(component.getName());
    return component.getAccessor().isAnnotationPresent(NestedConfigurationProperty.class)
        ? Arrays.stream(component.getType().getRecordComponents())
            .map(nested -> name + "." + dashed(nested.getName()))
        : Stream.of(name);
  }

  private static String dashed(String component) {
    return component.replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT);
  }

  /** Levenshtein's edit distance. */
  static int distance(String a, String b) {
    int[] row = IntStream.rangeClosed(0, b.length()).toArray();
    for (int i = 1; i <= a.length(); i++) {
      final int[] next = new int[b.length() + 1];
      next[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        final int replaced = row[j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        next[j] = Math.min(replaced, Math.min(row[j], next[j - 1]) + 1);
      }
      row = next;
    }
    return row[b.length()];
  }
}
