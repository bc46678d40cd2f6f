package io.github.gpt2server.hub;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/** Hugging Face's cache as a whole: what is in it, whoever put it there. */
final class HubCache {
  private static final String PREFIX = "models--";

  private final Path folder;
  private final CachedRepository.Linker linker;

  HubCache(Path folder) {
    this(folder, Files::createSymbolicLink);
  }

  HubCache(Path folder, CachedRepository.Linker linker) {
    this.folder = folder;
    this.linker = linker;
  }

  CachedRepository repository(String model) {
    return new CachedRepository(folder, model, linker);
  }

  /** The snapshot that a revision was, if it has all that a model needs. */
  Optional<Snapshot> complete(String model, String revision) {
    final CachedRepository repository = repository(model);
    return repository
        .commit(revision)
        .map(commit -> new Snapshot(model, commit, repository.snapshot(commit)))
        .filter(snapshot -> ModelFiles.missing(model, snapshot.folder()).isEmpty());
  }

  /**
   * The models of which it has files, by name.
   *
   * @throws HubException if it cannot be read
   */
  List<CachedModel> models() {
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
    final String name = root.getFileName().toString().substring(PREFIX.length());
    return new CachedModel(
        name.replace("--", "/"), names(root.resolve("snapshots")), revisions(root), size(root));
  }

  private static List<String> names(Path folder) {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> entries = Files.list(folder)) {
      return entries.map(entry -> entry.getFileName().toString()).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A branch may have slashes in its name, and so folders. */
  private static Map<String, String> revisions(Path root) {
    final Path refs = root.resolve("refs");
    final Map<String, String> revisions = new TreeMap<>();
    if (Files.isDirectory(refs)) {
      try (Stream<Path> files = Files.walk(refs)) {
        for (final Path file : files.filter(Files::isRegularFile).toList()) {
          final String commit = Files.readString(file).strip();
          if (CachedRepository.isCommit(commit)) {
            revisions.put(refs.relativize(file).toString().replace('\\', '/'), commit);
          }
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return revisions;
  }

  /** Links are not counted: what they lead to is. */
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
