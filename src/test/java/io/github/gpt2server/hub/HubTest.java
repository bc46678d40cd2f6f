package io.github.gpt2server.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.github.gpt2server.hub.cache.Snapshot;
import io.github.gpt2server.hub.http.HubException;
import io.github.gpt2server.testing.LookAlikeHub.Request;
import io.github.gpt2server.testing.LookAlikeRepository;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** A look-alike hub with a small model, and an empty cache. */
abstract class HubTest {
  static final String WEIGHTS = "model.safetensors";
  static final int SIZE = 300_000;

  @TempDir Path folder;

  HubFixture fixture;
  LookAlikeRepository repository;

  @BeforeEach
  void start() {
    fixture = new HubFixture(folder.resolve("cache"));
    repository = fixture.server.addSmall(HubFixture.MODEL, SIZE);
  }

  /** Whatever a test does, the CDN never gets the token. */
  @AfterEach
  void stop() {
    assertThat(fixture.server.requests())
        .filteredOn(Request::cdn)
        .allSatisfy(request -> assertThat(request.authorization()).isNull());
    fixture.close();
  }

  String endpoint() {
    return fixture.server.endpoint();
  }

  HubException failure() {
    return failure(HubFixture.MODEL, "main");
  }

  HubException failure(String model, String revision) {
    HubException failure =
        catchThrowableOfType(HubException.class, () -> fixture.fetch(model, revision));
    assertThat(failure).isNotNull();
    return failure;
  }

  void assertSentence(String sentence) {
    assertThat(failure()).hasMessage(sentence);
  }

  /** Expects that no cached content is requested: at most this number of files is downloaded. */
  void assertNextStartSucceeds(int atMost) throws Exception {
    fixture.server.heal().forget();
    assertComplete(fixture.fetch());
    assertThat(fixture.server.count("GET", "/resolve/")).isLessThanOrEqualTo(atMost);
  }

  void assertComplete(Snapshot snapshot) throws IOException {
    for (String file : List.of("config.json", "tokenizer.json", WEIGHTS)) {
      assertThat(snapshot.folder().resolve(file)).hasBinaryContent(repository.content(file));
    }
    try (Stream<Path> blobs = Files.list(fixture.root().resolve("blobs"))) {
      assertThat(blobs).hasSize(3);
    }
  }

  /** The ranges for which the CDN was asked, in turn. */
  List<String> rangesOfWeights() {
    return fixture.server.requests().stream()
        .filter(r -> r.cdn() && r.method().equals("GET"))
        .map(Request::range)
        .toList();
  }

  static long size(Path file) {
    return file.toFile().length();
  }

  static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(60, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  static boolean run(String... command) throws InterruptedException {
    try {
      Process process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
      return process.waitFor() == 0;
    } catch (IOException e) {
      return false;
    }
  }

  static List<String> files(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }
}
