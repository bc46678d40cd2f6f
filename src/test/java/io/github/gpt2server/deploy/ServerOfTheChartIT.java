package io.github.gpt2server.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.gpt2server.testing.LiveServer;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The server with the settings that the chart writes: what its probes ask for, and the command of
 * the pod that {@code helm test} starts.
 */
class ServerOfTheChartIT {
  private static final Path BASH = Path.of("/bin/bash");
  private static LiveServer server;

  @TempDir private static Path folder;

  /**
   * The result of a run of the command.
   *
   * @param code its exit code
   * @param output what it wrote
   */
  private record Run(int code, String output) {}

  @BeforeAll
  static void start() throws IOException {
    assumeTrue(Files.isExecutable(BASH), "no " + BASH + " here, which the image has");
    Path settings =
        Files.writeString(
            folder.resolve("application.yaml"), Chart.render(Chart.variant("keys")).settings());
    server =
        new LiveServer(
            "--spring.config.additional-location=file:" + settings, "--gpt2.api-keys=right-key");
  }

  @AfterAll
  static void stop() {
    if (server != null) {
      server.close();
    }
  }

  @Test
  void probesAskForWhatTheServerAnswers() throws Exception {
    Manifest pod = Chart.render(Chart.variant("keys")).serverPod();
    for (String probe : List.of("startupProbe", "livenessProbe", "readinessProbe")) {
      String path = pod.text("spec.containers.0." + probe + ".httpGet.path");
      HttpResponse<String> answer =
          HttpClient.newHttpClient()
              .send(
                  HttpRequest.newBuilder(server.base().resolve(path)).build(),
                  HttpResponse.BodyHandlers.ofString());
      assertThat(answer.statusCode()).as(probe + " " + path).isEqualTo(200);
      assertThat(answer.body()).contains("\"status\":\"UP\"");
    }
  }

  @Test
  void itIsAHookThatRunsTheServersImage() {
    Manifest pod = pod("keys");
    assertThat(pod.map("metadata.annotations"))
        .containsEntry(Chart.RENDERED_HOOK, "test")
        .containsEntry("helm.sh/hook-delete-policy", "before-hook-creation,hook-succeeded");
    assertThat(pod.text("spec.containers.0.image"))
        .isEqualTo(Chart.render(Chart.variant("keys")).serverPod().text("spec.containers.0.image"));
    assertThat(pod.list("spec.containers.0.env"))
        .containsExactly(
            Map.of("name", "SERVER_HOST", "value", "demo-gpt2-server"),
            Map.of("name", "SERVER_HTTP_PORT", "value", "80"),
            Map.of("name", "KEYS_FILE", "value", "/etc/gpt2-server/keys/api-keys"));
  }

  @Test
  void itPassesIfTheServerCompletesAndStreams() throws Exception {
    Run run = run(server.base().getPort(), "# keys\n\nright-key\nother-key\n");
    assertThat(run.output())
        .contains("ok: the server is ready", "ok: a completion, \"text\":\"", "ok: a stream");
    assertThat(run.code()).isZero();
  }

  @Test
  void itFailsWithTheAnswerIfTheServerRefuses() throws Exception {
    Run run = run(server.base().getPort(), "wrong-key\n");
    assertThat(run.output()).contains("FAILED: no completion", "HTTP/1.1 401", "invalid_api_key");
    assertThat(run.code()).isEqualTo(1);
  }

  @Test
  void itFailsIfNobodyListens() throws Exception {
    int free;
    try (ServerSocket socket = new ServerSocket(0)) {
      free = socket.getLocalPort();
    }
    Run run = run(free, "right-key\n");
    assertThat(run.output()).contains("FAILED: localhost:" + free + " cannot be reached");
    assertThat(run.code()).isEqualTo(1);
  }

  private static Manifest pod(String variant) {
    return Chart.render(Chart.variant(variant)).find("Pod", "demo-gpt2-server-test").orElseThrow();
  }

  private static Run run(int port, String keys) throws IOException, InterruptedException {
    List<String> command =
        pod("keys").list("spec.containers.0.command").stream().map(String.class::cast).toList();
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().clear();
    builder.environment().put("SERVER_HOST", "localhost");
    builder.environment().put("SERVER_HTTP_PORT", String.valueOf(port));
    builder
        .environment()
        .put(
            "KEYS_FILE",
            Files.writeString(Files.createTempFile(folder, "keys", ""), keys).toString());
    Process process = builder.start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    return new Run(process.exitValue(), output);
  }
}
