package io.github.gpt2server.hub;

import io.github.gpt2server.hub.cache.HubCache;
import io.github.gpt2server.hub.cache.Snapshot;
import io.github.gpt2server.hub.download.FetchProgress;
import io.github.gpt2server.hub.http.HubOptions;
import io.github.gpt2server.hub.http.HubSettings;
import io.github.gpt2server.hub.http.RetryPolicy;
import io.github.gpt2server.testing.LookAlikeHub;
import io.github.gpt2server.testing.LookAlikeRepository;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;

/** A look-alike hub, an empty cache, and clients that note their pauses instead of making them. */
final class HubFixture implements AutoCloseable {
  static final String MODEL = "org/small";

  final LookAlikeHub server = new LookAlikeHub();
  final Path cache;
  final List<Duration> pauses = new CopyOnWriteArrayList<>();
  final List<FetchProgress> progress = new CopyOnWriteArrayList<>();
  final Map<String, String> variables = new HashMap<>();

  HubFixture(Path cache) {
    this.cache = cache;
    variables.put("HF_ENDPOINT", server.endpoint());
    variables.put("HF_HUB_CACHE", cache.toString());
    variables.put("HF_HOME", cache.resolveSibling("home").toString());
  }

  HubFixture with(String name, String value) {
    variables.put(name, value);
    return this;
  }

  /** A hub as a fresh start of the server has it. */
  ModelHub hub() {
    HubSettings settings = HubSettings.of(new HubOptions(null, null, null, null), variables);
    return new ModelHub(settings, policy(), new HubCache(settings.cache()), config -> {});
  }

  RetryPolicy policy() {
    return new RetryPolicy(
        3, Duration.ofSeconds(1), Duration.ofSeconds(16), Duration.ofMinutes(5), pauses::add);
  }

  Snapshot fetch() throws InterruptedException {
    return fetch(MODEL, "main");
  }

  Snapshot fetch(String model, String revision) throws InterruptedException {
    return hub().fetch(model, revision, progress::add);
  }

  /** A model's folder in the cache. */
  Path root() {
    return cache.resolve("models--org--small");
  }

  Path blob(LookAlikeRepository repository, String file) {
    return root().resolve("blobs").resolve(repository.etag(file));
  }

  Path incomplete(LookAlikeRepository repository, String file) {
    Path blob = blob(repository, file);
    return blob.resolveSibling(blob.getFileName() + ".incomplete");
  }

  /** Puts the beginning of a file where an interrupted download leaves it. */
  void leave(LookAlikeRepository repository, String file, byte[] beginning) throws IOException {
    Path path = incomplete(repository, file);
    Files.createDirectories(path.getParent());
    Files.write(path, beginning);
  }

  @Override
  public void close() {
    server.close();
  }
}
