package io.github.gpt2server.hub.download;

import io.github.gpt2server.hub.cache.CacheFailures;
import io.github.gpt2server.hub.cache.CacheLock;
import io.github.gpt2server.hub.cache.CachedRepository;
import io.github.gpt2server.hub.cache.Checksum;
import io.github.gpt2server.hub.http.BodyReader;
import io.github.gpt2server.hub.http.HubAnswer;
import io.github.gpt2server.hub.http.HubClient;
import io.github.gpt2server.hub.http.HubException;
import io.github.gpt2server.hub.http.HubFailures;
import io.github.gpt2server.hub.http.NotOnHubException;
import io.github.gpt2server.hub.http.RemoteFile;
import io.github.gpt2server.hub.http.Retry;
import io.github.gpt2server.hub.http.RetryPolicy;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import java.util.function.LongConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings one content into the cache. It grows as {@code blobs/ETAG.incomplete}, from where the last
 * attempt, of this process or another, has left it; it gets its name once its size and its hash,
 * taken from what lies on the disk, are right.
 */
final class BlobDownload {
  private static final Logger log = LoggerFactory.getLogger(BlobDownload.class);

  private final HubClient client;
  private final HubFailures failures;
  private final RetryPolicy policy;
  private final CachedRepository cache;
  private final CacheFailures disk;
  private final String model;
  private final String commit;

  /** Downloads contents of a model at a commit. */
  BlobDownload(
      HubClient client,
      HubFailures failures,
      RetryPolicy policy,
      CachedRepository cache,
      CacheFailures disk,
      String model,
      String commit) {
    this.client = client;
    this.failures = failures;
    this.policy = policy;
    this.cache = cache;
    this.disk = disk;
    this.model = model;
    this.commit = commit;
  }

  /**
   * Downloads a file unless its content is there, and puts it into the snapshot.
   *
   * @param received told how many bytes of the file are there, each time there are more
   * @throws HubException if the hub does not give it or the cache does not take it
   */
  void run(RemoteFile file, LongConsumer received) throws InterruptedException {
    Path incomplete = cache.incomplete(file.etag());
    Runnable watch = () -> received.accept(size(incomplete));
    try {
      CacheLock lock = CacheLock.acquire(cache.lock(file.etag()), file.name(), watch);
      try {
        runLocked(file, incomplete, received);
      } finally {
        lock.release();
      }
    } catch (ClosedByInterruptException e) {
      throw new InterruptedException();
    } catch (IOException e) {
      throw disk.cannotWrite(cache.blob(file.etag()), e);
    } catch (NotOnHubException e) {
      throw failures.noFile(model, commit, file.name());
    }
  }

  private void runLocked(RemoteFile file, Path incomplete, LongConsumer received)
      throws IOException, InterruptedException, NotOnHubException {
    // Another process may have done it meanwhile.
    if (cache.holds(commit, file.name())) {
      return;
    }
    boolean fresh = !isThere(file);
    if (fresh) {
      Files.createDirectories(incomplete.getParent());
      download(file, incomplete, received);
      Files.move(
          incomplete,
          cache.blob(file.etag()),
          StandardCopyOption.ATOMIC_MOVE,
          StandardCopyOption.REPLACE_EXISTING);
    }
    cache.link(file.etag(), commit, file.name(), fresh);
  }

  private boolean isThere(RemoteFile file) throws IOException {
    Path blob = cache.blob(file.etag());
    return Files.isRegularFile(blob) && (file.size() < 0 || Files.size(blob) == file.size());
  }

  private void download(RemoteFile file, Path incomplete, LongConsumer received)
      throws IOException, InterruptedException, NotOnHubException {
    for (boolean again = false; ; again = true) {
      receiveAll(file, incomplete, received);
      Optional<String> wrong = wrong(file, incomplete);
      if (wrong.isEmpty()) {
        return;
      }
      Files.delete(incomplete);
      received.accept(0);
      if (again) {
        throw new HubException(
            "%s of %s came from %s twice with %s: something on the way changes it; check the proxy and"
                    .formatted(file.name(), model, client.endpoint(), wrong.get())
                + " gpt2.hub.endpoint, then start again.");
      }
      log.warn("{} has {}: downloading it anew", file.name(), wrong.get());
    }
  }

  /** What is wrong with a content, or nothing. */
  private Optional<String> wrong(RemoteFile file, Path incomplete) throws IOException {
    long size = Files.size(incomplete);
    if (file.size() >= 0 && size != file.size()) {
      return Optional.of("%d bytes instead of %d".formatted(size, file.size()));
    }
    return Checksum.of(incomplete, file.etag())
        .filter(hash -> !hash.equals(file.etag()))
        .map(hash -> "the checksum %s instead of %s".formatted(hash, file.etag()));
  }

  private void receiveAll(RemoteFile file, Path incomplete, LongConsumer received)
      throws IOException, InterruptedException, NotOnHubException {
    URI uri = client.fileUri(model, commit, file.name());
    Retry retry = new Retry(policy, failures);
    while (true) {
      long before = size(incomplete);
      received.accept(before);
      if (file.size() >= 0 && before >= file.size() && Files.exists(incomplete)) {
        return;
      }
      try {
        receive(file, incomplete, before, received);
        return;
      } catch (DiskException e) {
        throw e.getCause();
      } catch (IOException e) {
        if (size(incomplete) > before) {
          retry.progressed();
        }
        retry.afterFailure(uri, e);
      }
    }
  }

  /** Makes one request for all bytes after the first {@code have}. */
  private void receive(RemoteFile file, Path incomplete, long have, LongConsumer received)
      throws IOException, InterruptedException, NotOnHubException {
    HubAnswer answer = client.open(model, commit, file.name(), have);
    try (BodyReader body = answer.response().body()) {
      if (answer.status() == 416
          || answer.offset().isEmpty()
          || answer.offset().getAsLong() > have) {
        onDisk(() -> Files.deleteIfExists(incomplete));
        throw new IOException("it did not go on at byte " + have);
      }
      write(file, incomplete, answer.offset().getAsLong(), body, received);
    }
  }

  private static void write(
      RemoteFile file, Path incomplete, long offset, BodyReader body, LongConsumer received)
      throws IOException, InterruptedException {
    try (FileChannel channel =
        onDisk(
            () ->
                FileChannel.open(
                    incomplete, StandardOpenOption.CREATE, StandardOpenOption.WRITE))) {
      if (offset < channel.size()) {
        onDisk(() -> channel.truncate(offset));
      }
      long position = offset;
      for (List<ByteBuffer> pieces = body.next(); !pieces.isEmpty(); pieces = body.next()) {
        for (ByteBuffer piece : pieces) {
          while (piece.hasRemaining()) {
            long at = position;
            position += onDisk(() -> channel.write(piece, at));
          }
        }
        received.accept(position);
        if (file.size() >= 0 && position > file.size()) {
          return;
        }
      }
      onDisk(
          () -> {
            channel.force(true);
            return channel;
          });
      if (position < file.size()) {
        throw new IOException("it ended after %d of %d bytes".formatted(position, file.size()));
      }
    }
  }

  /** The size of a file, 0 if it is not there. */
  static long size(Path file) {
    try {
      return Files.size(file);
    } catch (IOException e) {
      return 0;
    }
  }

  /** Work on the disk, whose failures are not the hub's: asking again does not help. */
  @FunctionalInterface
  private interface DiskWork<T> {
    T run() throws IOException;
  }

  private static <T> T onDisk(DiskWork<T> work) throws DiskException {
    try {
      return work.run();
    } catch (IOException e) {
      throw new DiskException(e);
    }
  }

  /** A failure of the disk among those of the network. */
  private static final class DiskException extends IOException {
    private static final long serialVersionUID = 1L;

    DiskException(IOException cause) {
      super(cause);
    }

    @Override
    public synchronized IOException getCause() {
      return (IOException) super.getCause();
    }
  }
}
