package io.github.gpt2server.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import io.github.gpt2server.boot.settings.Gpt2Properties;
import io.github.gpt2server.boot.settings.SettingsCheck;
import java.io.IOException;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.context.properties.NestedConfigurationProperty;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.env.StandardEnvironment;

/** The settings that the chart writes are such as the server takes. */
class SettingsIT {

  /** Those that {@code config} may not set, for the chart sets them from other values. */
  private static final Set<String> THE_CHARTS_OWN =
      Set.of(
          "model",
          "revision",
          "aliases",
          "hub.endpoint",
          "hub.token",
          "hub.cache",
          "hub.offline",
          "api-keys",
          "api-keys-file",
          "shutdown-grace");

  static List<Path> variants() {
    return Chart.variants();
  }

  @ParameterizedTest
  @MethodSource("variants")
  void theServerTakesTheFile(Path variant) {
    Map<String, Object> properties = Yamls.properties(Yamls.read(Chart.render(variant).settings()));
    assertThatCode(() -> check(properties)).doesNotThrowAnyException();
  }

  @ParameterizedTest
  @MethodSource("variants")
  void theServerKnowsTheVariables(Path variant) {
    Set<String> known =
        settings()
            .map(name -> "GPT2_" + name.toUpperCase(Locale.ROOT).replaceAll("[.-]", "_"))
            .collect(Collectors.toSet());
    assertThat(
            Chart.render(variant).serverPod().list("spec.containers.0.env").stream()
                .map(entry -> (String) Yamls.at(entry, "name"))
                .filter(name -> name.startsWith("GPT2_")))
        .isSubsetOf(known);
  }

  @Test
  void configTakesWhatTheServerHasAndNothingElse() throws IOException {
    Map<String, Object> schema =
        Yamls.read(Files.readString(Chart.FOLDER.resolve("values.schema.json")));
    Map<String, Object> gpt2 =
        Yamls.map(Yamls.at(schema, "properties.config.properties.gpt2.properties"));
    assertThat(inSchema("", gpt2).toList())
        .as(
            "gpt2.* in values.schema.json; what the chart sets itself belongs into this test's list")
        .containsExactlyInAnyOrderElementsOf(
            settings().filter(name -> !THE_CHARTS_OWN.contains(name)).toList());
  }

  private static Stream<String> inSchema(String prefix, Map<String, Object> properties) {
    return properties.entrySet().stream()
        .flatMap(
            property ->
                Yamls.map(property.getValue()).get("properties") instanceof Map<?, ?> nested
                    ? inSchema(prefix + property.getKey() + ".", Yamls.map(nested))
                    : Stream.of(prefix + property.getKey()));
  }

  /** Names without {@code gpt2.}, nested ones with a dot. */
  private static Stream<String> settings() {
    return names("", Gpt2Properties.class);
  }

  private static Stream<String> names(String prefix, Class<?> type) {
    return Arrays.stream(type.getRecordComponents())
        .flatMap(
            component ->
                component.getAccessor().isAnnotationPresent(NestedConfigurationProperty.class)
                    ? names(prefix + dashed(component) + ".", component.getType())
                    : Stream.of(prefix + dashed(component)));
  }

  private static String dashed(RecordComponent component) {
    return component.getName().replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT);
  }

  private static void check(Map<String, Object> properties) {
    StandardEnvironment environment = new StandardEnvironment();
    environment.getPropertySources().addFirst(new MapPropertySource("chart", properties));
    ConfigurationPropertySources.attach(environment);
    new SettingsCheck(Supplier::get).postProcessEnvironment(environment, new SpringApplication());
  }
}
