package io.github.gpt2server.hub.cache;

import io.github.gpt2server.hub.http.RepositoryInfo;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;
import java.util.UUID;

/**
 * A model's part of the cache, in huggingface_hub's layout:
 *
 * <pre>
 * models--org--name/
 *   blobs/ETAG                 contents, named by their hash
 *   blobs/ETAG.incomplete      the bytes received so far
 *   refs/main                  the commit of a branch or tag at the last request
 *   snapshots/COMMIT/FILE      a relative link to the content, or a copy where links are not supported
 * .locks/models--org--name/ETAG.lock
 * </pre>
 */
public final class CachedRepository {
  /** Creates links; throws where the file system has none. */
  @FunctionalInterface
  public interface Linker {
    /** Creates {@code link}, which refers to {@code target}. */
    void link(Path link, Path target) throws IOException;
  }

  private final Path root;
  private final Path locks;
  private final Linker linker;

  /** Describes the part of {@code cache} for {@code model}; creates no files. */
  CachedRepository(Path cache, String model, Linker linker) {
    this.linker = linker;
    String folder = "models--" + model.replace("/", "--");
    this.root = cache.resolve(folder);
    this.locks = cache.resolve(".locks").resolve(folder);
  }

  public Path blob(String etag) {
    return root.resolve("blobs").resolve(etag);
  }

  public Path incomplete(String etag) {
    return root.resolve("blobs").resolve(etag + ".incomplete");
  }

  public Path lock(String etag) {
    return locks.resolve(etag + ".lock");
  }

  public Path snapshot(String commit) {
    return root.resolve("snapshots").resolve(commit);
  }

  /** Returns whether a snapshot has a file; a link to a missing blob does not count. */
  public boolean holds(String commit, String file) {
    return Files.isRegularFile(snapshot(commit).resolve(file));
  }

  /** The commit of a branch or tag at the last request, or the commit itself. */
  public Optional<String> commit(String revision) {
    if (RepositoryInfo.isCommit(revision)) {
      return Optional.of(revision);
    }
    try {
      return Optional.of(Files.readString(ref(revision)).strip()).filter(RepositoryInfo::isCommit);
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** Records the commit of a branch or tag. */
  public void remember(String revision, String commit) throws IOException {
    if (revision.equals(commit) || commit(revision).filter(commit::equals).isPresent()) {
      return;
    }
    Path ref = ref(revision);
    Files.createDirectories(ref.getParent());
    // Replaced atomically, because other processes may read it. Not created by
    // Files.createTempFile, whose files only their owner may read.
    Path fresh = ref.resolveSibling(ref.getFileName() + "." + UUID.randomUUID() + ".tmp");
    try {
      Files.write(fresh, commit.getBytes(StandardCharsets.UTF_8));
      Files.move(fresh, ref, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(fresh);
    }
  }

  /**
   * Adds a downloaded blob to a snapshot, under a file's name.
   *
   * @param fresh whether no other snapshot can refer to the blob yet
   */
  public void link(String etag, String commit, String file, boolean fresh) throws IOException {
    Path link = snapshot(commit).resolve(file);
    Files.createDirectories(link.getParent());
    if (Files.isSymbolicLink(link) && !Files.exists(link)) {
      Files.delete(link);
    }
    try {
      linker.link(link, link.getParent().relativize(blob(etag)));
    } catch (FileAlreadyExistsException e) {
      // Another process has created it.
    } catch (UnsupportedOperationException | FileSystemException e) {
      if (fresh) {
        Files.move(blob(etag), link, StandardCopyOption.REPLACE_EXISTING);
      } else {
        Files.copy(blob(etag), link, StandardCopyOption.REPLACE_EXISTING);
      }
    }
  }

  private Path ref(String revision) {
    return root.resolve("refs").resolve(revision);
  }
}
