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
 *   blobs/ETAG.incomplete      what has come of a content so far
 *   refs/main                  the commit that a branch or tag was, when it was last asked for
 *   snapshots/COMMIT/FILE      a relative link to the content, or itself where links cannot be made
 * .locks/models--org--name/ETAG.lock
 * </pre>
 */
public final class CachedRepository {
  /** Makes a link; throws where there can be none. */
  @FunctionalInterface
  public interface Linker {
    /** Makes {@code link} lead to {@code target}. */
    void link(Path link, Path target) throws IOException;
  }

  private final Path root;
  private final Path locks;
  private final Linker linker;

  /** The part of {@code cache} that holds {@code model}; creates nothing. */
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

  /** Whether a snapshot has a file, and what a link leads to is there. */
  public boolean holds(String commit, String file) {
    return Files.isRegularFile(snapshot(commit).resolve(file));
  }

  /** The commit that a branch or tag was when it was last asked for, or a commit itself. */
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

  /** Notes what a branch or tag is now. */
  public void remember(String revision, String commit) throws IOException {
    if (revision.equals(commit) || commit(revision).filter(commit::equals).isPresent()) {
      return;
    }
    Path ref = ref(revision);
    Files.createDirectories(ref.getParent());
    // Somebody may read it meanwhile: it changes as a whole.
    // It gets the permissions of any other file, which a temporary one of Java's does not.
    Path fresh = ref.resolveSibling(ref.getFileName() + "." + UUID.randomUUID() + ".tmp");
    try {
      Files.write(fresh, commit.getBytes(StandardCharsets.UTF_8));
      Files.move(fresh, ref, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(fresh);
    }
  }

  /**
   * Puts a content that is there into a snapshot, under a file's name.
   *
   * @param fresh whether no other snapshot can refer to the content yet
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
      // Another process was quicker.
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
