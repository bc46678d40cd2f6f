package io.github.gpt2server.boot.settings;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SpringSettingsTest {
  private final SpringSettings settings = new SpringSettings();

  @ParameterizedTest
  @ValueSource(
      strings = {
        "logging.level.root",
        "logging.group.web",
        "info.team",
        "management.metrics.tags.a"
      })
  void readsNoFileForNamesOfTheirOwn(String name) {
    SpringSettings unread =
        new SpringSettings(
            () -> {
              throw new AssertionError("the files are read");
            });
    assertThat(unread.meant(name)).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "server.prot, server.port",
    "server.adress, server.address",
    "server.ssl.certifcate, server.ssl.certificate",
    "management.server.prot, management.server.port",
    "logging.file.nmae, logging.file.name",
    "spring.profiles.activ, spring.profiles.active",
    "logging.levle, logging.level",
    "logging.leve.root, logging.level",
    "springdoc.swagger-ui.pth, springdoc.swagger-ui.path"
  })
  void namesTheSettingThatWasMeant(String name, String meant) {
    assertThat(settings.meant(name)).contains(meant);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "server.port",
        "server.max-http-request-header-size",
        "server.maxHttpRequestHeaderSize",
        "logging.level.root",
        "logging.level.io.github.gpt2server",
        "spring.config.additional-location",
        "management.endpoints.web.exposure.include",
        "management.endpoints.web.exposure.include[0]",
        "spring.something.of.a.library",
        "info.team"
      })
  void letsOthersPass(String name) {
    assertThat(settings.meant(name)).isEmpty();
  }
}
