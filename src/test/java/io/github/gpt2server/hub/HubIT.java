package io.github.gpt2server.hub;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.testing.ChildServer;
import io.github.gpt2server.testing.Fault;
import io.github.gpt2server.testing.LookAlikeHub;
import io.github.gpt2server.testing.LookAlikeHub.Request;
import io.github.gpt2server.testing.OneCore;
import io.github.gpt2server.testing.RawHttp;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The server, as a process of its own, that is given a hub's id. */
@OneCore
class HubIT {
  private static final String MODEL = "openai-community/gpt2";
  private static final String WEIGHTS = "model.safetensors";
  private static final Path FILES = Path.of("models/gpt2-fairytales");

  @TempDir private Path folder;

  private LookAlikeHub hub;

  @BeforeEach
  void start() {
    hub = new LookAlikeHub();
    hub.add(MODEL, FILES);
    hub.rename("gpt2", MODEL);
  }

  @AfterEach
  void stop() {
    hub.close();
  }

  @Test
  void downloadsTellsItsProgressAndServes() throws Exception {
    CountDownLatch seen = new CountDownLatch(1);
    hub.fail(1, "GET", "%2Fgpt2/" + WEIGHTS, Fault.inTheMiddle(() -> await(seen)));
    long size = Files.size(FILES.resolve(WEIGHTS));

    try (ChildServer server = server(MODEL)) {
      server.awaitHealth(503);
      await(
          () -> health(server, "/health").contains("openai-community/gpt2 is being downloaded: "));
      JsonNode down = JsonMapper.shared().readTree(health(server, "/actuator/health/readiness"));
      assertThat(down.at("/status").stringValue()).isEqualTo("DOWN");
      assertThat(down.at("/components/model/details/message").stringValue())
          .startsWith("openai-community/gpt2 is being downloaded: ")
          .contains(" of %.0f MB (".formatted((size + others()) / 1e6));
      assertThat(server.get("/actuator/health/liveness").status()).isEqualTo(200);
      seen.countDown();

      server.awaitHealth(200);
      JsonNode model = JsonMapper.shared().readTree(server.get("/v1/models").body()).at("/data/0");
      assertThat(model.get("id").stringValue()).isEqualTo(MODEL);
      assertThat(model.get("revision").stringValue()).isEqualTo(LookAlikeHub.COMMIT);
      assertCompletes(server);
      assertThat(server.output())
          .contains("Downloading openai-community/gpt2 at commit " + LookAlikeHub.COMMIT)
          .contains("Downloaded openai-community/gpt2 in ")
          .doesNotContain("WARN", "ERROR");
      assertThat(server.errors()).isEmpty();
    }
    assertThat(hub.requests())
        .extracting(Request::path)
        .doesNotContain("/openai-community/gpt2/resolve/" + LookAlikeHub.COMMIT + "/README.md");
  }

  @Test
  void twoServersThatStartAtOnceDownloadOnce() throws Exception {
    CountDownLatch both = new CountDownLatch(1);
    hub.fail(1, "GET", "%2Fgpt2/" + WEIGHTS, Fault.inTheMiddle(() -> await(both)));

    try (ChildServer first = server("gpt2");
        ChildServer second = server("gpt2")) {
      await(
          () ->
              output(first).contains("Another process is downloading " + WEIGHTS)
                  || output(second).contains("Another process is downloading " + WEIGHTS));
      both.countDown();

      for (ChildServer server : List.of(first, second)) {
        server.awaitHealth(200);
        assertCompletes(server);
      }
    }
    assertThat(hub.count("GET", "%2Fgpt2/" + WEIGHTS)).isEqualTo(1);
    assertThat(folder.resolve("cache/models--gpt2/snapshots/" + LookAlikeHub.COMMIT))
        .isDirectoryContaining(file -> file.endsWith(WEIGHTS));
  }

  @Test
  void isEndedWhileItDownloadsAndGoesOnTheNextTime() throws Exception {
    hub.fail(1, "GET", "%2Fgpt2/" + WEIGHTS, hub.stallAfter(1_000_000));
    try (ChildServer server = server(MODEL)) {
      await(() -> incomplete() >= 1_000_000);
      server.terminate();

      assertThat(server.exitCode()).isEqualTo(143);
      assertThat(server.errors()).isEmpty();
    }
    hub.forget();

    try (ChildServer server = server(MODEL)) {
      server.awaitHealth(200);
      assertCompletes(server);
    }
    assertThat(hub.requests())
        .filteredOn(request -> request.cdn() && request.path().endsWith(WEIGHTS))
        .extracting(Request::range)
        .containsExactly("bytes=1000000-");
  }

  @Test
  void endsWithASentenceWhenThereIsNoSuchModel() throws Exception {
    try (ChildServer server = server("openai/gpt2")) {
      assertThat(server.exitCode()).isEqualTo(1);
      assertThat(server.errors())
          .isEqualTo(
              "There is no model openai/gpt2 on "
                  + hub.endpoint()
                  + ", or it is private, which needs HF_TOKEN: did you mean openai-community/gpt2?"
                  + " Set gpt2.model to that, or check the name."
                  + System.lineSeparator());
    }
  }

  @Test
  void asksTheProxyForATunnelWithItsPassword() throws Exception {
    try (ServerSocket socket = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
      CompletableFuture<List<String>> asked =
          CompletableFuture.supplyAsync(() -> refuseTunnel(socket));
      String proxy = "http://me:secret@localhost:" + socket.getLocalPort();

      try (ChildServer server =
          new ChildServer(
              folder,
              Map.of("HTTPS_PROXY", proxy, "HF_ENDPOINT", "https://hub.invalid", "NO_PROXY", ""),
              "--gpt2.model=" + MODEL,
              "--gpt2.hub.cache=" + folder.resolve("cache"))) {
        assertThat(asked.get(60, TimeUnit.SECONDS))
            .startsWith("CONNECT hub.invalid:443 HTTP/1.1")
            .contains("Proxy-Authorization: Basic bWU6c2VjcmV0");
        assertThat(server.exitCode()).isEqualTo(1);
        assertThat(server.errors())
            .isEqualTo(
                "The proxy localhost:%d asks for a password (407): set"
                        .formatted(socket.getLocalPort())
                    + " HTTPS_PROXY=http://user:password@host:port."
                    + System.lineSeparator());
      }
    }
  }

  /** Reads the head of a request for a tunnel and refuses it as a proxy does. */
  private static List<String> refuseTunnel(ServerSocket socket) {
    try (Socket client = socket.accept();
        BufferedReader in =
            new BufferedReader(
                new InputStreamReader(client.getInputStream(), StandardCharsets.US_ASCII))) {
      List<String> head = in.lines().takeWhile(line -> !line.isEmpty()).toList();
      client
          .getOutputStream()
          .write(
              "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"
                  .getBytes(StandardCharsets.US_ASCII));
      return head;
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private ChildServer server(String model) throws IOException {
    return new ChildServer(
        folder,
        // Longer than any test makes a body wait.
        Map.of("HF_HUB_DOWNLOAD_TIMEOUT", "600"),
        "--gpt2.model=" + model,
        "--gpt2.hub.endpoint=" + hub.endpoint(),
        "--gpt2.hub.cache=" + folder.resolve("cache"));
  }

  private static void assertCompletes(ChildServer server) throws IOException {
    try (RawHttp http = server.connect()) {
      RawHttp.Answer answer =
          http.send(
                  RawHttp.post(
                      "/v1/completions",
                      "{\"model\": \"gpt2\", \"prompt\": \"Once upon a time\", \"max_tokens\": 4,"
                          + " \"temperature\": 0}"))
              .answer();
      assertThat(answer.status()).isEqualTo(200);
      JsonNode completion = JsonMapper.shared().readTree(answer.body());
      assertThat(completion.at("/choices/0/text").stringValue()).isNotBlank();
      assertThat(completion.at("/usage/completion_tokens").intValue()).isEqualTo(4);
    }
  }

  /** The bytes of the files that are downloaded along with the weights. */
  private static long others() throws IOException {
    long bytes = 0;
    for (String file :
        List.of(
            "generation_config.json",
            "tokenizer.json",
            "tokenizer_config.json",
            "vocab.json",
            "merges.txt")) {
      bytes += Files.size(FILES.resolve(file));
    }
    return bytes;
  }

  private static String health(ChildServer server, String path) {
    try {
      return server.get(path).body();
    } catch (IOException e) {
      return "";
    }
  }

  private static String output(ChildServer server) {
    try {
      return server.output();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The size of the largest file that is not complete. */
  private long incomplete() {
    Path blobs = folder.resolve("cache/models--openai-community--gpt2/blobs");
    if (!Files.isDirectory(blobs)) {
      return 0;
    }
    try (Stream<Path> files = Files.list(blobs)) {
      return files
          .filter(file -> file.toString().endsWith(".incomplete"))
          .mapToLong(file -> file.toFile().length())
          .max()
          .orElse(0);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(120, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void await(BooleanSupplier condition) {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(120);
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).isLessThan(end);
      try {
        Thread.sleep(5);
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
  }
}
