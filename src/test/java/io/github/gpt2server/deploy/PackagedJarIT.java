package io.github.gpt2server.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.testing.ChildServer;
import io.github.gpt2server.testing.OneCore;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests on the jar, in which files of the same name of several libraries have become one. */
@OneCore
class PackagedJarIT {
  @TempDir static Path folder;

  private static ChildServer server;

  @BeforeAll
  static void start() throws IOException, InterruptedException {
    server = ChildServer.packaged(folder);
    server.awaitHealth(200);
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/",
        "/v1/models",
        "/v3/api-docs",
        "/swagger-ui/index.html",
        "/swagger-ui/swagger-ui.css",
        "/metrics",
        "/actuator/info"
      })
  void everyPartAnswers(String path) throws IOException {
    assertThat(server.get(path).status()).isEqualTo(200);
  }

  @Test
  void theModelAnswers() throws IOException {
    assertThat(
            server.post("/v1/completions", "{\"prompt\": \"The king\", \"max_tokens\": 2}").body())
        .contains("\"completion_tokens\":2");
  }

  @ParameterizedTest
  @ValueSource(strings = {"server.port", "management.server.port", "springdoc.swagger-ui.path"})
  void theSettingsOfEveryLibraryAreKnown(String setting) throws IOException, InterruptedException {
    try (ChildServer misspelt = ChildServer.packaged(folder, "--" + setting + "s=1")) {
      assertThat(misspelt.exitCode()).isNotZero();
      assertThat(misspelt.errors()).contains(setting + "s", "did you mean", setting);
    }
  }
}
