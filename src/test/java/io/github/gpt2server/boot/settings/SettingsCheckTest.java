package io.github.gpt2server.boot.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.env.SimpleCommandLinePropertySource;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.env.SystemEnvironmentPropertySource;

@ExtendWith(OutputCaptureExtension.class)
class SettingsCheckTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          GPT2_MAX_SEQUENCE | GPT2_MAX_SEQUENCE=v is not a setting: did you mean GPT2_MAX_SEQUENCES?
          GPT2_MODELS       | GPT2_MODELS=v is not a setting: did you mean GPT2_MODEL?
          GPT2_HUB_OFLINE   | GPT2_HUB_OFLINE=v is not a setting: did you mean GPT2_HUB_OFFLINE?
          GPT2_HUB_TOKENS   | GPT2_HUB_TOKENS is not a setting: did you mean GPT2_HUB_TOKEN?
          GPT2_HUB          | GPT2_HUB is not a setting: did you mean GPT2_HUB_TOKEN?
          GPT2_API_KEY      | GPT2_API_KEY is not a setting: did you mean GPT2_API_KEYS?
          """)
  void refusesVariablesThatAreNearMisses(String variable, String sentence) {
    assertThatThrownBy(() -> checkVariables(Map.of(variable, "v")))
        .isInstanceOf(InvalidSettingException.class)
        .hasMessage(sentence);
  }

  @Test
  void letsVariablesOfOthersPass() {
    assertThatCode(
            () ->
                checkVariables(
                    Map.of(
                        "GPT2_PORT", "tcp://10.0.0.1:80",
                        "GPT2_SERVICE_HOST", "10.0.0.1",
                        "GPT2_PORT_8080_TCP_ADDR", "10.0.0.1",
                        "GPT2_SERVER_SERVICE_PORT_HTTP", "8080",
                        "GPT2_HUB_SERVICE_HOST", "10.0.0.1",
                        "GPT2_HUB_PORT_80_TCP", "tcp://10.0.0.1:80",
                        "GPT2_X", "x")))
        .doesNotThrowAnyException();
  }

  @Test
  void refusesAVariableInThePlaceOfAllSettings() {
    assertThatThrownBy(() -> checkVariables(Map.of("GPT2", "x")))
        .isInstanceOf(InvalidSettingException.class)
        .hasMessageStartingWith("GPT2=x is not a setting: there are gpt2.model, ");
  }

  @Test
  void checksValuesBeforeAnythingStarts() {
    assertThatThrownBy(() -> checkVariables(Map.of("GPT2_MAX_QUEUE", "-1")))
        .hasRootCauseMessage("gpt2.max-queue=-1 is not allowed: use a whole number of at least 1.");
  }

  @Test
  void knowsEverySpellingOfASetting() {
    assertThatCode(
            () ->
                checkVariables(
                    Map.of(
                        "GPT2_MODEL", "embedded",
                        "GPT2_MAX_SEQUENCES", "3",
                        "GPT2_MAXSEQUENCES", "3",
                        "GPT2_API_KEYS_0", "k",
                        "GPT2_HUB_CACHE", "/cache")))
        .doesNotThrowAnyException();
    assertThatCode(
            () ->
                checkProperties(
                    Map.of(
                        "gpt2.model", "embedded",
                        "gpt2.maxSequences", "3",
                        "gpt2.max_queue", "3",
                        "gpt2.api-keys[0]", "k",
                        "gpt2.hub.cache", "/cache",
                        "gpt2.hub.offline", "true",
                        "gpt2server.anything", "x")))
        .doesNotThrowAnyException();
  }

  @Test
  void refusesEveryUnknownProperty() {
    assertThatThrownBy(() -> checkProperties(Map.of("gpt2.port", "1")))
        .isInstanceOf(InvalidSettingException.class)
        .hasMessageStartingWith("gpt2.port=1 is not a setting: there are gpt2.model, ");
  }

  /** As Compose files and charts write them: {@code GPT2_MODEL: ${MODEL:-}}. */
  @Test
  void takesABlankVariableForNone() {
    Map<String, Object> variables = new HashMap<>();
    for (String setting : SettingNameCheck.names()) {
      variables.put(
          ("GPT2_" + setting).toUpperCase(Locale.ROOT).replaceAll("[.-]", "_"),
          variables.size() % 2 == 0 ? "" : "  ");
    }
    assertThat(variables).hasSizeGreaterThan(20).containsKeys("GPT2_MODEL", "GPT2_HUB_TOKEN");

    assertThat(bind(checkVariables(variables))).isEqualTo(bind(new StandardEnvironment()));
  }

  @Test
  void takesABlankOptionForNoneToo() {
    StandardEnvironment environment =
        checkProperties(
            Map.of("gpt2.model", "", "gpt2.api-keys-file", " ", "gpt2.threads", "", "x", ""));

    assertThat(bind(environment)).isEqualTo(bind(new StandardEnvironment()));
    assertThat(environment.containsProperty("gpt2.api-keys-file")).isFalse();
    assertThat(environment.getProperty("x")).isEmpty();
  }

  @Test
  void aBlankSettingLetsTheNextSourceSay() {
    StandardEnvironment environment = new StandardEnvironment();
    environment
        .getPropertySources()
        .addLast(new MapPropertySource("file", Map.of("gpt2.model", "a")));
    environment
        .getPropertySources()
        .addFirst(new SimpleCommandLinePropertySource("--gpt2.model=", "--gpt2.max-queue=7"));
    check(environment);

    assertThat(bind(environment).model()).isEqualTo("a");
    assertThat(bind(environment).maxQueue()).isEqualTo(7);
  }

  @Test
  void refusesAnUnknownNameWithoutAValue() {
    assertThatThrownBy(() -> checkProperties(Map.of("gpt2.modle", "")))
        .hasMessage("gpt2.modle= is not a setting: did you mean gpt2.model?");
    assertThatThrownBy(() -> checkVariables(Map.of("GPT2_MODLE", "")))
        .hasMessage("GPT2_MODLE= is not a setting: did you mean GPT2_MODEL?");
  }

  @ParameterizedTest
  @CsvSource({
    "gpt2.api-keys, '', SERVLET, true",
    "gpt2.api-keys-file, ' ', SERVLET, true",
    "gpt2.api-keys, key, SERVLET, false",
    "gpt2.model, '', SERVLET, false",
    "gpt2.api-keys, '', NONE, false"
  })
  void warnsOfAServerThatAnEmptyKeyLeavesOpen(
      String setting, String value, WebApplicationType type, boolean warns, CapturedOutput output) {
    StandardEnvironment environment = new StandardEnvironment();
    environment.getPropertySources().addFirst(new MapPropertySource("a", Map.of(setting, value)));

    check(environment, type);

    String sentence = setting + " is empty: everyone may call this server";
    assertThat(output.getAll().contains(sentence)).isEqualTo(warns);
  }

  @Test
  void refusesALogFileThatCannotBeWritten(@TempDir Path folder) throws Exception {
    Path file = Files.createFile(folder.resolve("file"));
    assertThatThrownBy(() -> checkProperties(Map.of("logging.file.name", file + "/x.log")))
        .isInstanceOf(InvalidSettingException.class)
        .hasMessage(
            "logging.file.name=%s/x.log is not allowed: use a file that this process can write to."
                .formatted(file));
    assertThatCode(
            () ->
                checkProperties(Map.of("logging.file.name", folder.resolve("a/x.log").toString())))
        .doesNotThrowAnyException();
  }

  private static Gpt2Properties bind(StandardEnvironment environment) {
    return Binder.get(environment).bindOrCreate("gpt2", Gpt2Properties.class);
  }

  private static StandardEnvironment checkVariables(Map<String, Object> variables) {
    StandardEnvironment environment = new StandardEnvironment();
    environment
        .getPropertySources()
        .replace(
            StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME,
            new SystemEnvironmentPropertySource(
                StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME, variables));
    check(environment);
    return environment;
  }

  private static StandardEnvironment checkProperties(Map<String, Object> properties) {
    StandardEnvironment environment = new StandardEnvironment();
    environment.getPropertySources().addFirst(new MapPropertySource("given", properties));
    check(environment);
    return environment;
  }

  private static void check(StandardEnvironment environment) {
    ConfigurationPropertySources.attach(environment);
    check(environment, WebApplicationType.NONE);
  }

  private static void check(StandardEnvironment environment, WebApplicationType type) {
    SpringApplication application = new SpringApplication();
    application.setWebApplicationType(type);
    new SettingsCheck(Supplier::get).postProcessEnvironment(environment, application);
  }
}
