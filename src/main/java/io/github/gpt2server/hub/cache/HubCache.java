package io.github.gpt2server.hub.cache;

import io.github.gpt2server.hub.cache.CachedModel.CachedSnapshot;
import io.github.gpt2server.hub.http.HubException;
import io.github.gpt2server.hub.http.RepositoryInfo;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** Hugging Face's cache folder and the models in it. */
public final class HubCache {
  private static final String PREFIX = "models--";

  private final Path folder;
  private final CachedRepository.Linker linker;

  public HubCache(Path folder) {
    this(folder, Files::createSymbolicLink);
  }

  public HubCache(Path folder, CachedRepository.Linker linker) {
    this.folder = folder;
    this.linker = linker;
  }

  public CachedRepository repository(String model) {
    return new CachedRepository(folder, model, linker);
  }

  /** The cached snapshot of a revision, if it has every file that the model needs. */
  public Optional<Snapshot> complete(String model, String revision) {
    CachedRepository repository = repository(model);
    return repository
        .commit(revision)
        .map(commit -> new Snapshot(model, commit, repository.snapshot(commit)))
        .filter(snapshot -> ModelFiles.missing(model, snapshot.folder()).isEmpty());
  }

  /**
   * The models that have files in the cache, sorted by name.
   *
   * @throws HubException if it cannot be read
   */
  public List<CachedModel> models() {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> entries = Files.list(folder)) {
      return entries
          .filter(entry -> entry.getFileName().toString().startsWith(PREFIX))
          .filter(Files::isDirectory)
          .sorted()
          .map(HubCache::describe)
          .toList();
    } catch (IOException | UncheckedIOException e) {
      throw new HubException(
          "The cache %s cannot be read (%s): make it readable for this user."
              .formatted(folder, e.getMessage()),
          e);
    }
  }

  private static CachedModel describe(Path root) {
    String model = root.getFileName().toString().substring(PREFIX.length()).replace("--", "/");
    return new CachedModel(model, snapshots(model, root), size(root));
  }

  private static List<CachedSnapshot> snapshots(String model, Path root) {
    Path folder = root.resolve("snapshots");
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    Map<String, List<String>> revisions = revisions(root);
    try (Stream<Path> entries = Files.list(folder)) {
      return entries
          .filter(entry -> RepositoryInfo.isCommit(entry.getFileName().toString()))
          .sorted()
          .map(
              snapshot -> {
                String commit = snapshot.getFileName().toString();
                return new CachedSnapshot(
                    commit,
                    revisions.getOrDefault(commit, List.of()),
                    missing(model, snapshot).orElse(null));
              })
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Optional<String> missing(String model, Path snapshot) {
    try {
      return ModelFiles.missing(model, snapshot);
    } catch (HubException e) {
      return Optional.of("a readable index of its shards");
    }
  }

  /** The branches and tags of each commit. A slash in a name makes a folder. */
  private static Map<String, List<String>> revisions(Path root) {
    Path refs = root.resolve("refs");
    Map<String, List<String>> revisions = new HashMap<>();
    if (Files.isDirectory(refs)) {
      try (Stream<Path> files = Files.walk(refs)) {
        for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
          revisions
              .computeIfAbsent(Files.readString(file).strip(), commit -> new ArrayList<>())
              .add(refs.relativize(file).toString().replace('\\', '/'));
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return revisions;
  }

  /** The size of all files in bytes; links do not count. */
  private static long size(Path root) {
    try (Stream<Path> files = Files.walk(root)) {
      return files
          .filter(file -> Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS))
          .mapToLong(HubCache::length)
          .sum();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static long length(Path file) {
    try {
      return Files.size(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
