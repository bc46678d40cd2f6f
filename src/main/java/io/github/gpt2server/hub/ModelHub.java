package io.github.gpt2server.hub;

import io.github.gpt2server.hub.cache.CacheFailures;
import io.github.gpt2server.hub.cache.CachedModel;
import io.github.gpt2server.hub.cache.CachedRepository;
import io.github.gpt2server.hub.cache.HubCache;
import io.github.gpt2server.hub.cache.ModelFiles;
import io.github.gpt2server.hub.cache.Snapshot;
import io.github.gpt2server.hub.download.FetchListener;
import io.github.gpt2server.hub.download.SnapshotDownload;
import io.github.gpt2server.hub.http.HubClient;
import io.github.gpt2server.hub.http.HubException;
import io.github.gpt2server.hub.http.HubFailures;
import io.github.gpt2server.hub.http.HubSettings;
import io.github.gpt2server.hub.http.HubUnreachableException;
import io.github.gpt2server.hub.http.NotOnHubException;
import io.github.gpt2server.hub.http.RepositoryInfo;
import io.github.gpt2server.hub.http.Retry;
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
 * Fetches models from a Hugging Face hub into Hugging Face's own cache, and finds those that are
 * there. What Python downloaded is not downloaded again, and the other way round.
 */
public final class ModelHub {
  private static final Logger log = LoggerFactory.getLogger(ModelHub.class);

  private static final Pattern ID =
      Pattern.compile("(?:[A-Za-z0-9_][\\w.-]{0,95}/)?[A-Za-z0-9_][\\w.-]{0,95}");
  private static final Pattern REVISION = Pattern.compile("[\\w][\\w./+-]{0,199}");

  /** Where famous models live, for those who leave the organisation out or take a wrong one. */
  private static final List<String> ORGANISATIONS =
      List.of("openai-community", "distilbert", "EleutherAI");

  private final HubSettings settings;
  private final RetryPolicy policy;
  private final HubFailures failures;
  private final HubClient client;
  private final HubCache cache;
  private final Consumer<Path> check;

  /**
   * Asks nothing yet.
   *
   * @param check given the folder with a model's {@code config.json} before its weights are
   *     downloaded; throws if it is no model to serve
   */
  public ModelHub(HubSettings settings, Consumer<Path> check) {
    this(settings, RetryPolicy.PATIENT, new HubCache(settings.cache()), check);
  }

  ModelHub(HubSettings settings, RetryPolicy policy, HubCache cache, Consumer<Path> check) {
    this.settings = settings;
    this.policy = policy;
    this.failures = new HubFailures(settings);
    this.client = new HubClient(settings, failures);
    this.cache = cache;
    this.check = check;
  }

  /** Whether a text can be a model's id: {@code organisation/name}, or {@code name} as of old. */
  public static boolean isModelId(String text) {
    return ID.matcher(text).matches()
        && !text.contains("--")
        && !text.contains("..")
        && !text.endsWith(".git")
        && !text.endsWith(".")
        && !text.endsWith("-");
  }

  /** Whether a text can name a branch, a tag or a commit. */
  public static boolean isRevision(String text) {
    return REVISION.matcher(text).matches()
        && !text.contains("..")
        && !text.contains("//")
        && !text.endsWith("/");
  }

  /** Where models are kept; there may be no such folder yet. */
  public Path cache() {
    return settings.cache();
  }

  /**
   * What the cache holds, by name.
   *
   * @throws HubException if it cannot be read
   */
  public List<CachedModel> cached() {
    return cache.models();
  }

  /**
   * Brings a model into the cache, or finds it there. Without an answer of the hub, what a branch
   * or tag was when it was last asked for has to do.
   *
   * @param model the hub's id
   * @param revision a branch, a tag or a whole commit
   * @param listener told how far the download is
   * @throws HubException if it cannot be had
   * @throws InterruptedException if the thread is interrupted; what has come is kept
   */
  public Snapshot fetch(String model, String revision, FetchListener listener)
      throws InterruptedException {
    // They become parts of paths and addresses.
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
      info = info(model, revision, cached.isPresent() ? policy.withAttempts(1) : policy);
    } catch (HubUnreachableException e) {
      if (cached.isEmpty()) {
        throw e;
      }
      log.warn("{} Going on with what the cache has: {}", e.getMessage(), cached.get().commit());
      return cached.get();
    }
    return download(model, revision, info, listener);
  }

  private RepositoryInfo info(String model, String revision, RetryPolicy attempts)
      throws InterruptedException {
    try {
      return new Retry(attempts, failures)
          .call(client.infoUri(model, revision), () -> client.info(model, revision));
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
        new SnapshotDownload(model, commit, client, failures, policy, repository, disk)) {
      Path snapshot = repository.snapshot(commit);
      Optional<String> index = ModelFiles.index(files);
      download.runSilently(
          Stream.concat(Stream.of(ModelFiles.CONFIGURATION), index.stream()).toList());
      check.accept(snapshot);
      index.ifPresent(name -> files.addAll(ModelFiles.shards(model, snapshot.resolve(name))));
      download.run(files, listener);
    }
    try {
      // Last, so that a branch never leads to a snapshot that lacks a file.
      repository.remember(revision, commit);
    } catch (IOException e) {
      log.warn("The cache does not take what {} is now: {}", revision, e.toString());
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

  /** The first famous model of the same name that the hub has, or null. */
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
