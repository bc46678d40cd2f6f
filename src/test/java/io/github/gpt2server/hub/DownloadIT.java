package io.github.gpt2server.hub;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.testing.ChildServer;
import io.github.gpt2server.testing.LookAlikeHub;
import io.github.gpt2server.testing.LookAlikeHub.Request;
import io.github.gpt2server.testing.OneCore;
import io.github.gpt2server.testing.RawHttp;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The command that fills the cache, as a process of its own, and the server without a hub. */
@OneCore
class DownloadIT {
  private static final String MODEL = "openai-community/gpt2";
  private static final String WEIGHTS = "model.safetensors";

  @TempDir private Path folder;

  private LookAlikeHub hub;

  @BeforeEach
  void start() {
    hub = new LookAlikeHub();
    hub.add(MODEL, Path.of("models/gpt2-fairytales"));
  }

  @AfterEach
  void stop() {
    hub.close();
  }

  @Test
  void whatItDownloadedIsServedOffline() throws Exception {
    Path classes = folder.resolve("classes");
    String log = "-Xlog:class+load:file=" + classes;
    try (ChildServer command = download(Map.of("JDK_JAVA_OPTIONS", log), "--json")) {
      assertThat(command.exitCode()).as(command.errors()).isZero();

      assertThat(command.output().lines()).hasSize(1);
      JsonNode report = JsonMapper.shared().readTree(command.output());
      assertThat(report.get("model").stringValue()).isEqualTo(MODEL);
      assertThat(report.get("commit").stringValue()).isEqualTo(LookAlikeHub.COMMIT);
      assertThat(Path.of(report.get("folder").stringValue()).resolve(WEIGHTS)).exists();
      assertThat(command.errors())
          .contains("Downloading openai-community/gpt2 at commit " + LookAlikeHub.COMMIT)
          .contains("Downloaded openai-community/gpt2 in ")
          .doesNotContain("WARN", "ERROR");
    }
    try (Stream<String> loaded = Files.lines(classes)) {
      assertThat(
              loaded.filter(
                  line -> line.matches(".* (ai\\.djl|org\\.apache\\.catalina\\.startup)\\..*")))
          .as("classes of the model and the web server")
          .isEmpty();
    }
    hub.close();

    try (ChildServer server = child(Map.of(), "--gpt2.model=" + MODEL, "--gpt2.hub.offline=true")) {
      server.awaitHealth(200);
      JsonNode model = JsonMapper.shared().readTree(server.get("/v1/models").body()).at("/data/0");
      assertThat(model.get("id").stringValue()).isEqualTo(MODEL);
      assertThat(model.get("revision").stringValue()).isEqualTo(LookAlikeHub.COMMIT);
      try (RawHttp http = server.connect()) {
        String body = "{\"prompt\":\"The king\",\"max_tokens\":3,\"temperature\":0}";
        String answer = http.send(RawHttp.post("/v1/completions", body)).answer().body();
        assertThat(JsonMapper.shared().readTree(answer).at("/choices/0/text").stringValue())
            .isEqualTo(" was very angry");
      }
    }
  }

  @Test
  void isEndedInTheMiddleAndGoesOnTheNextTime() throws Exception {
    hub.fail(1, "GET", "%2Fgpt2/" + WEIGHTS, hub.stallAfter(1_000_000));
    try (ChildServer command = download(Map.of())) {
      awaitIncomplete(1_000_000);
      command.terminate();

      assertThat(command.exitCode()).isEqualTo(143);
      assertThat(command.output()).isEmpty();
      assertThat(command.errors()).doesNotContain("WARN", "ERROR", "Exception");
    }
    hub.forget();

    try (ChildServer command = download(Map.of())) {
      assertThat(command.exitCode()).as(command.errors()).isZero();
      assertThat(command.output().lines())
          .startsWith("model   " + MODEL, "commit  " + LookAlikeHub.COMMIT);
    }
    assertThat(hub.requests())
        .filteredOn(request -> request.cdn() && request.path().endsWith(WEIGHTS))
        .extracting(Request::range)
        .containsExactly("bytes=1000000-");
  }

  private ChildServer download(Map<String, String> variables, String... options)
      throws IOException {
    return child(
        variables,
        Stream.concat(
                Stream.of("download", MODEL, "--gpt2.hub.endpoint=" + hub.endpoint()),
                Stream.of(options))
            .toArray(String[]::new));
  }

  private ChildServer child(Map<String, String> variables, String... options) throws IOException {
    return new ChildServer(
        folder,
        variables,
        Stream.concat(Stream.of(options), Stream.of("--gpt2.hub.cache=" + folder.resolve("cache")))
            .toArray(String[]::new));
  }

  /** Waits until an incomplete file has this number of bytes. */
  private void awaitIncomplete(long bytes) throws Exception {
    Path blobs = folder.resolve("cache/models--openai-community--gpt2/blobs");
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(120);
    while (true) {
      assertThat(System.nanoTime()).isLessThan(end);
      if (Files.isDirectory(blobs)) {
        try (Stream<Path> files = Files.list(blobs)) {
          if (files.anyMatch(
              f -> f.toString().endsWith(".incomplete") && f.toFile().length() >= bytes)) {
            return;
          }
        }
      }
      Thread.sleep(5);
    }
  }
}
