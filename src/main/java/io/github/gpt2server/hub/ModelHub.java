package io.github.gpt2server.hub;

import io.github.gpt2server.hub.cache.CacheFailures;
import io.github.gpt2server.hub.cache.CachedModel;
import io.github.gpt2server.hub.cache.CachedRepository;
import io.github.gpt2server.hub.cache.HubCache;
import io.github.gpt2server.hub.cache.ModelFiles;
import io.github.gpt2server.hub.cache.Snapshot;
import io.github.gpt2server.hub.download.DownloadTarget;
import io.github.gpt2server.hub.download.FetchListener;
import io.github.gpt2server.hub.download.SnapshotDownload;
import io.github.gpt2server.hub.http.HubAccess;
import io.github.gpt2server.hub.http.HubClient;
import io.github.gpt2server.hub.http.HubException;
import io.github.gpt2server.hub.http.HubFailures;
import io.github.gpt2server.hub.http.HubSettings;
import io.github.gpt2server.hub.http.HubUnreachableException;
import io.github.gpt2server.hub.http.NotOnHubException;
import io.github.gpt2server.hub.http.RepositoryInfo;
import io.github.gpt2server.hub.http.RetryPolicy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Fetches models from a Hugging Face hub into Hugging Face's own cache and finds those that are
 * cached. The cache is shared with Python: neither downloads again what the other has.
 */
public final class ModelHub {
  private static final Logger log = LoggerFactory.getLogger(ModelHub.class);

  private static final Pattern ID =
      Pattern.compile("(?:[A-Za-z0-9_][\\w.-]{0,95}/)?[A-Za-z0-9_][\\w.-]{0,95}");
  private static final Pattern REVISION = Pattern.compile("[\\w][\\w./+-]{0,199}");

  /**
   * Organisations of well-known models, for suggestions where the organisation is missing or wrong.
   */
  private static final List<String> ORGANISATIONS =
      List.of("openai-community", "distilbert", "EleutherAI");

  private final HubSettings settings;
  private final HubFailures failures;
  private final HubClient client;
  private final HubAccess access;
  private final HubCache cache;
  private final Consumer<Path> check;

  /**
   * Makes no request yet.
   *
   * @param check checks the folder with a model's {@code config.json} before the weights are
   *     downloaded; throws if the model cannot be served
   */
  public ModelHub(HubSettings settings, Consumer<Path> check) {
    this(settings, RetryPolicy.PATIENT, new HubCache(settings.cache()), check);
  }

  ModelHub(HubSettings settings, RetryPolicy policy, HubCache cache, Consumer<Path> check) {
    this.settings = settings;
    this.failures = new HubFailures(settings);
    this.client = new HubClient(settings, failures);
    this.access = new HubAccess(client, failures, policy);
    this.cache = cache;
    this.check = check;
  }

  /**
   * Returns whether a text can be a model id: {@code organisation/name}, or a legacy {@code name}.
   */
  public static boolean isModelId(String text) {
    return ID.matcher(text).matches()
        && !text.contains("--")
        && !text.contains("..")
        && !text.endsWith(".git")
        && !text.endsWith(".")
        && !text.endsWith("-");
  }

  /** Returns whether a text can name a branch, a tag or a commit. */
  public static boolean isRevision(String text) {
    return REVISION.matcher(text).matches()
        && !text.contains("..")
        && !text.contains("//")
        && !text.endsWith("/");
  }

  /** The folder of the cache, which may not exist yet. */
  public Path cache() {
    return settings.cache();
  }

  /**
   * The models in the cache, sorted by name.
   *
   * @throws HubException if it cannot be read
   */
  public List<CachedModel> cached() {
    return cache.models();
  }

  /**
   * Downloads a model into the cache unless it is complete there. If the hub cannot be reached, a
   * branch or tag is taken for the commit that it was at the last request.
   *
   * @param model the hub's id
   * @param revision a branch, a tag or a full commit hash
   * @param listener receives the progress of the download
   * @throws HubException if the model cannot be fetched
   * @throws InterruptedException if the thread is interrupted; what was received stays in the cache
   */
  public Snapshot fetch(String model, String revision, FetchListener listener)
      throws InterruptedException {
    // Both become parts of paths and URLs.
    if (!isModelId(model)) {
      throw failures.noId(model);
    }
    if (!isRevision(revision)) {
      throw failures.noRevision(model, revision, List.of());
    }
    Optional<Snapshot> cached = cache.complete(model, revision);
    if (settings.offline()) {
      return cached.orElseThrow(() -> notCached(model, revision));
    }
    if (cached.isPresent() && RepositoryInfo.isCommit(revision)) {
      return cached.get();
    }
    RepositoryInfo info;
    try {
      info = info(model, revision, cached.isPresent() ? access.withAttempts(1) : access);
    } catch (HubUnreachableException e) {
      if (cached.isEmpty()) {
        throw e;
      }
      log.warn("{} Using the cached commit {}.", e.getMessage(), cached.get().commit());
      return cached.get();
    }
    return download(model, revision, info, listener);
  }

  private RepositoryInfo info(String model, String revision, HubAccess hub)
      throws InterruptedException {
    try {
      return hub.retry().call(client.infoUri(model, revision), () -> client.info(model, revision));
    } catch (NotOnHubException e) {
      throw explain(model, revision, e.what());
    }
  }

  private Snapshot download(
      String model, String revision, RepositoryInfo info, FetchListener listener)
      throws InterruptedException {
    CachedRepository repository = cache.repository(model);
    String commit = info.commit();
    Set<String> files = new LinkedHashSet<>(ModelFiles.select(model, info.files()));
    CacheFailures disk = new CacheFailures(settings.cache());
    try (SnapshotDownload download =
        new SnapshotDownload(access, new DownloadTarget(model, commit, repository, disk))) {
      Path snapshot = repository.snapshot(commit);
      Optional<String> index = ModelFiles.index(files);
      download.runSilently(
          Stream.concat(Stream.of(ModelFiles.CONFIGURATION), index.stream()).toList());
      check.accept(snapshot);
      index.ifPresent(name -> files.addAll(ModelFiles.shards(model, snapshot.resolve(name))));
      download.run(files, listener);
    }
    try {
      // Last, so that a branch never refers to an incomplete snapshot.
      repository.remember(revision, commit);
    } catch (IOException e) {
      log.warn(
          "The commit of revision {} cannot be recorded in the cache: {}", revision, e.toString());
    }
    return new Snapshot(model, commit, repository.snapshot(commit));
  }

  private HubException notCached(String model, String revision) {
    CachedRepository repository = cache.repository(model);
    return failures.notCached(
        model,
        revision,
        repository
            .commit(revision)
            .map(repository::snapshot)
            .filter(Files::isDirectory)
            .flatMap(snapshot -> ModelFiles.missing(model, snapshot))
            .orElse(null));
  }

  private HubException explain(String model, String revision, NotOnHubException.What what)
      throws InterruptedException {
    boolean repository =
        switch (what) {
          case REPOSITORY -> true;
          case REVISION, FILE -> false;
          case UNKNOWN -> !exists(model);
        };
    return repository
        ? failures.noModel(model, suggestion(model))
        : failures.noRevision(model, revision, revisions(model));
  }

  /** Returns the well-known model of the same name that the hub has, or null. */
  private String suggestion(String model) throws InterruptedException {
    if (model.equalsIgnoreCase("embedded")) {
      return "embedded";
    }
    String name = model.substring(model.indexOf('/') + 1);
    List<String> candidates =
        Stream.of(name, name.toLowerCase(Locale.ROOT))
            .distinct()
            .flatMap(n -> ORGANISATIONS.stream().map(organisation -> organisation + "/" + n))
            .filter(candidate -> !candidate.equals(model))
            .toList();
    for (String candidate : candidates) {
      if (exists(candidate)) {
        return candidate;
      }
    }
    return null;
  }

  private boolean exists(String model) throws InterruptedException {
    try {
      return client.exists(model);
    } catch (IOException e) {
      return false;
    }
  }

  private List<String> revisions(String model) throws InterruptedException {
    try {
      return client.revisions(model);
    } catch (IOException | NotOnHubException | HubException e) {
      return List.of();
    }
  }
}
