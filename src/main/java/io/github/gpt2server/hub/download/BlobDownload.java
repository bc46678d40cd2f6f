package io.github.gpt2server.hub.download;

import io.github.gpt2server.hub.cache.CacheLock;
import io.github.gpt2server.hub.cache.CachedRepository;
import io.github.gpt2server.hub.cache.Checksum;
import io.github.gpt2server.hub.http.BodyReader;
import io.github.gpt2server.hub.http.HubAccess;
import io.github.gpt2server.hub.http.HubAnswer;
import io.github.gpt2server.hub.http.HubException;
import io.github.gpt2server.hub.http.NotOnHubException;
import io.github.gpt2server.hub.http.RemoteFile;
import io.github.gpt2server.hub.http.Retry;
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
 * Downloads single blobs into the cache. A blob grows as {@code blobs/ETAG.incomplete}, resumed
 * where the last attempt of this or another process ended. It gets its final name once the size and
 * the hash of the file on disk are right.
 */
final class BlobDownload {
  private static final Logger log = LoggerFactory.getLogger(BlobDownload.class);

  private final HubAccess hub;
  private final DownloadTarget target;
  private final CachedRepository cache;

  BlobDownload(HubAccess hub, DownloadTarget target) {
    this.hub = hub;
    this.target = target;
    this.cache = target.repository();
  }

  /**
   * Downloads a file unless its blob is cached, and adds it to the snapshot.
   *
   * @param received receives the number of bytes on disk whenever it changes
   * @throws HubException if the hub does not send it or the cache cannot store it
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
      throw target.disk().cannotWrite(cache.blob(file.etag()), e);
    } catch (NotOnHubException e) {
      throw hub.failures().noFile(target.model(), target.commit(), file.name());
    }
  }

  private void runLocked(RemoteFile file, Path incomplete, LongConsumer received)
      throws IOException, InterruptedException, NotOnHubException {
    // Another process may have downloaded it in the meantime.
    if (cache.holds(target.commit(), file.name())) {
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
    cache.link(file.etag(), target.commit(), file.name(), fresh);
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
            "%s of %s arrived from %s twice with %s: something between the hub and here changes it; check the proxy and"
                    .formatted(file.name(), target.model(), hub.client().endpoint(), wrong.get())
                + " gpt2.hub.endpoint, then start again.");
      }
      log.warn("{} has {}; downloading it again", file.name(), wrong.get());
    }
  }

  /** Describes what is wrong with a downloaded file; empty if it is right. */
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
    URI uri = hub.client().fileUri(target.model(), target.commit(), file.name());
    Retry retry = hub.retry();
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

  /** Makes one request for the bytes from offset {@code have} on. */
  private void receive(RemoteFile file, Path incomplete, long have, LongConsumer received)
      throws IOException, InterruptedException, NotOnHubException {
    HubAnswer answer = hub.client().open(target.model(), target.commit(), file.name(), have);
    try (BodyReader body = answer.response().body()) {
      if (answer.status() == 416
          || answer.offset().isEmpty()
          || answer.offset().getAsLong() > have) {
        onDisk(() -> Files.deleteIfExists(incomplete));
        throw new IOException("the answer does not continue at byte " + have);
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
      for (List<ByteBuffer> buffers = body.next(); !buffers.isEmpty(); buffers = body.next()) {
        for (ByteBuffer buffer : buffers) {
          while (buffer.hasRemaining()) {
            long at = position;
            position += onDisk(() -> channel.write(buffer, at));
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
        throw new IOException(
            "the connection ended after %d of %d bytes".formatted(position, file.size()));
      }
    }
  }

  /** The size of a file in bytes, 0 if it does not exist. */
  static long size(Path file) {
    try {
      return Files.size(file);
    } catch (IOException e) {
      return 0;
    }
  }

  /** A disk operation, whose failure repeating the request cannot fix. */
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

  /** A failure of the disk, as opposed to the network. */
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
