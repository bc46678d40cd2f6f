package io.github.gpt2server.hub.download;

import io.github.gpt2server.hub.http.HubAccess;
import io.github.gpt2server.hub.http.HubException;
import io.github.gpt2server.hub.http.NotOnHubException;
import io.github.gpt2server.hub.http.RemoteFile;
import io.github.gpt2server.text.Bytes;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionService;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLongArray;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Downloads the files of a model at a commit, four at a time. The first failure cancels the other
 * downloads, which resume the next time.
 */
public final class SnapshotDownload implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(SnapshotDownload.class);

  private static final int PARALLEL = 4;
  private static final long TICK_MILLIS = 200;

  private final HubAccess hub;
  private final DownloadTarget target;
  private final String model;
  private final String commit;
  private final BlobDownload blobs;
  private final ExecutorService threads;

  public SnapshotDownload(HubAccess hub, DownloadTarget target) {
    this.hub = hub;
    this.target = target;
    this.model = target.model();
    this.commit = target.commit();
    this.blobs = new BlobDownload(hub, target);
    this.threads =
        Executors.newFixedThreadPool(
            PARALLEL,
            work -> {
              Thread thread = new Thread(work, "hub-download");
              thread.setDaemon(true);
              return thread;
            });
  }

  /**
   * Downloads small files into the snapshot, without reporting progress.
   *
   * @throws HubException for the first file that cannot be fetched
   */
  public void runSilently(Collection<String> files) throws InterruptedException {
    List<RemoteFile> missing = describe(files);
    await(downloads(missing, new AtomicLongArray(missing.size())), () -> {});
  }

  /**
   * Downloads the files that the snapshot lacks.
   *
   * @throws HubException for the first file that cannot be fetched
   */
  public void run(Collection<String> files, FetchListener listener) throws InterruptedException {
    List<RemoteFile> missing = describe(files);
    if (missing.isEmpty()) {
      return;
    }
    AtomicLongArray received = new AtomicLongArray(missing.size());
    List<Callable<Void>> downloads = downloads(missing, received);
    long total = missing.stream().mapToLong(file -> Math.max(0, file.size())).sum();
    target.disk().requireSpace(model, total - sum(received));
    log.info(
        "Downloading {} at commit {} from {}: {} files, {}{}",
        model,
        commit,
        hub.client().endpoint(),
        missing.size(),
        Bytes.text(total),
        sum(received) > 0 ? ", of which " + Bytes.text(sum(received)) + " are cached" : "");
    long begin = System.nanoTime();
    Speed speed = new Speed();
    Runnable tick =
        () -> {
          long now = Math.min(total, sum(received));
          listener.progress(
              new FetchProgress(model, now, total, speed.update(System.nanoTime(), now)));
        };
    await(downloads, tick);
    listener.progress(new FetchProgress(model, total, total, 0));
    log.info("Downloaded {} in {} s", model, "%.1f".formatted((System.nanoTime() - begin) / 1e9));
  }

  /** Creates a download for each file and sets {@code received} to the bytes already on disk. */
  private List<Callable<Void>> downloads(List<RemoteFile> files, AtomicLongArray received) {
    List<Callable<Void>> downloads = new ArrayList<>();
    for (int i = 0; i < files.size(); i++) {
      RemoteFile file = files.get(i);
      int index = i;
      received.set(i, present(file));
      downloads.add(
          () -> {
            blobs.run(file, bytes -> received.set(index, bytes));
            return null;
          });
    }
    return downloads;
  }

  private List<RemoteFile> describe(Collection<String> files) throws InterruptedException {
    List<Callable<RemoteFile>> requests = new ArrayList<>();
    for (String file : files) {
      if (!target.repository().holds(commit, file)) {
        requests.add(() -> describe(file));
      }
    }
    return await(requests, () -> {});
  }

  private RemoteFile describe(String file) throws InterruptedException {
    try {
      return hub.retry()
          .call(
              hub.client().fileUri(model, commit, file),
              () -> hub.client().describe(model, commit, file));
    } catch (NotOnHubException e) {
      throw hub.failures().noFile(model, commit, file);
    }
  }

  /** The number of bytes of a file already on disk. */
  private long present(RemoteFile file) {
    return Math.max(
        BlobDownload.size(target.repository().incomplete(file.etag())),
        BlobDownload.size(target.repository().blob(file.etag())));
  }

  private static long sum(AtomicLongArray numbers) {
    long sum = 0;
    for (int i = 0; i < numbers.length(); i++) {
      sum += numbers.get(i);
    }
    return sum;
  }

  /**
   * Runs all tasks, calls {@code tick} every 200 ms meanwhile, and returns the results in the order
   * of the tasks.
   */
  private <T> List<T> await(List<Callable<T>> work, Runnable tick) throws InterruptedException {
    CompletionService<T> service = new ExecutorCompletionService<>(threads);
    List<Future<T>> futures = work.stream().map(service::submit).toList();
    try {
      for (int done = 0; done < futures.size(); ) {
        Future<T> next = service.poll(TICK_MILLIS, TimeUnit.MILLISECONDS);
        tick.run();
        if (next != null) {
          next.get();
          done++;
        }
      }
      List<T> results = new ArrayList<>();
      for (Future<T> future : futures) {
        results.add(future.get());
      }
      return results;
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException failure) {
        throw failure;
      }
      throw new IllegalStateException(e.getCause());
    } finally {
      futures.forEach(future -> future.cancel(true));
    }
  }

  /**
   * Cancels running downloads and waits for their threads, so that nothing is written afterwards.
   */
  @Override
  public void close() {
    threads.shutdownNow();
    boolean interrupted = false;
    while (!threads.isTerminated()) {
      try {
        threads.awaitTermination(1, TimeUnit.SECONDS);
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
