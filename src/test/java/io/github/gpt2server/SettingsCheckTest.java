package io.github.gpt2server;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.env.SystemEnvironmentPropertySource;

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

  private static void checkVariables(Map<String, Object> variables) {
    final StandardEnvironment environment = new StandardEnvironment();
    environment
        .getPropertySources()
        .replace(
            StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME,
            new SystemEnvironmentPropertySource(
                StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME, variables));
    check(environment);
  }

  private static void checkProperties(Map<String, Object> properties) {
    final StandardEnvironment environment = new StandardEnvironment();
    environment.getPropertySources().addFirst(new MapPropertySource("given", properties));
    check(environment);
  }

  private static void check(StandardEnvironment environment) {
    ConfigurationPropertySources.attach(environment);
    new SettingsCheck().postProcessEnvironment(environment, new SpringApplication());
  }
}
