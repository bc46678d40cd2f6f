package io.github.gpt2server.boot.settings;

import io.github.gpt2server.text.EditDistance;
import io.github.gpt2server.web.ratelimit.RateLimitOptions;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.springframework.boot.context.properties.NestedConfigurationProperty;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName.Form;
import org.springframework.boot.context.properties.source.ConfigurationPropertySource;
import org.springframework.boot.context.properties.source.IterableConfigurationPropertySource;
import org.springframework.core.env.SystemEnvironmentPropertySource;

/**
 * Refuses names under {@code gpt2.} that are no settings, so that a typing error does not pass for
 * a default. Among environment variables only near misses are refused: {@code GPT2_PORT} and the
 * like are set by Kubernetes for every service called gpt2 and mean nothing here.
 */
final class SettingNameCheck {
  private static final int NEAR = 2;

  private static final List<String> SETTINGS =
      Arrays.stream(Gpt2Properties.class.getRecordComponents())
          .flatMap(SettingNameCheck::names)
          .toList();

  private static final String KEY_LIMITS = "limits.keys";

  private static final List<String> LIMITS =
      Arrays.stream(RateLimitOptions.KeyOptions.class.getRecordComponents())
          .map(component -> dashed(component.getName()))
          .toList();

  private SettingNameCheck() {}

  /**
   * Checks the names of one source of properties.
   *
   * @throws InvalidSettingException for the first that is refused
   */
  static void check(IterableConfigurationPropertySource source) {
    boolean variables = source.getUnderlyingSource() instanceof SystemEnvironmentPropertySource;
    source.stream()
        .filter(name -> !name.isEmpty() && name.getElement(0, Form.UNIFORM).equals("gpt2"))
        .filter(name -> SETTINGS.stream().noneMatch(s -> isSpelling(name, s, variables)))
        .filter(name -> !isLimitOfKey(name, variables))
        .forEach(name -> refuse(name, String.valueOf(valueOf(source, name)), variables));
  }

  private static void refuse(ConfigurationPropertyName name, String value, boolean variable) {
    Optional<String> nearest = nearest(uniform(name, variable), variable);
    // A variable that is just called GPT2 cannot be left alone: it takes the place of all settings.
    if (variable && nearest.isEmpty() && name.getNumberOfElements() > 1) {
      return;
    }
    String written = variable ? variable(name.toString()) : name.toString();
    // What looks like a secret is not shown: start-up messages end up in log stores.
    boolean secret =
        isSecret(uniform(name, true)) || nearest.filter(SettingNameCheck::isSecret).isPresent();
    String shown = secret ? written : written + "=" + value;
    throw InvalidSettingException.of(
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
        .min(Comparator.comparingInt(s -> EditDistance.between(uniform, uniform(s, variable))));
  }

  private static boolean isNear(String given, String setting, boolean variable) {
    boolean part = given.length() > NEAR && (setting.contains(given) || given.contains(setting));
    return EditDistance.between(given, setting) <= NEAR || (part && !variable);
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
   * Returns whether it is one of the limits that {@code gpt2.limits.keys} has for each name.
   *
   * @throws InvalidSettingException if it stands there and is none
   */
  private static boolean isLimitOfKey(ConfigurationPropertyName name, boolean variable) {
    String uniform = uniform(name, variable);
    String dot = variable ? "" : ".";
    String keys = uniform(KEY_LIMITS, variable) + dot;
    if (!uniform.startsWith(keys)) {
      return false;
    }
    boolean limit =
        LIMITS.stream()
            .map(field -> dot + uniform(field, variable))
            .anyMatch(
                field ->
                    uniform.endsWith(field) && uniform.length() > keys.length() + field.length());
    if (!limit) {
      throw InvalidSettingException.of(
          (variable ? variable(name.toString()) : name.toString())
              + " is not a setting: "
              + (variable ? variable("gpt2." + KEY_LIMITS + ".name") : "gpt2.limits.keys.NAME")
              + " has requests-per-minute, tokens-per-minute and concurrent-requests.");
    }
    return true;
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
    String name = dashed(component.getName());
    return component.getAccessor().isAnnotationPresent(NestedConfigurationProperty.class)
        ? Arrays.stream(component.getType().getRecordComponents())
            .map(nested -> name + "." + dashed(nested.getName()))
        : Stream.of(name);
  }

  private static String dashed(String component) {
    return component.replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT);
  }
}
