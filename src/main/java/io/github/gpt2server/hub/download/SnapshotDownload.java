package io.github.gpt2server.hub.download;

import io.github.gpt2server.hub.cache.CacheFailures;
import io.github.gpt2server.hub.cache.CachedRepository;
import io.github.gpt2server.hub.http.HubClient;
import io.github.gpt2server.hub.http.HubException;
import io.github.gpt2server.hub.http.HubFailures;
import io.github.gpt2server.hub.http.NotOnHubException;
import io.github.gpt2server.hub.http.RemoteFile;
import io.github.gpt2server.hub.http.Retry;
import io.github.gpt2server.hub.http.RetryPolicy;
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
 * Downloads the files of a model at a commit, a few at a time. The first that fails ends the
 * others, which go on from where they are the next time.
 */
public final class SnapshotDownload implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(SnapshotDownload.class);

  private static final int PARALLEL = 4;
  private static final long TICK_MILLIS = 200;

  private final String model;
  private final String commit;
  private final HubClient client;
  private final HubFailures failures;
  private final RetryPolicy policy;
  private final CachedRepository repository;
  private final CacheFailures disk;
  private final BlobDownload blobs;
  private final ExecutorService threads;

  public SnapshotDownload(
      String model,
      String commit,
      HubClient client,
      HubFailures failures,
      RetryPolicy policy,
      CachedRepository repository,
      CacheFailures disk) {
    this.model = model;
    this.commit = commit;
    this.client = client;
    this.failures = failures;
    this.policy = policy;
    this.repository = repository;
    this.disk = disk;
    this.blobs = new BlobDownload(client, failures, policy, repository, disk, model, commit);
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
   * Brings small files into the snapshot, without a word.
   *
   * @throws HubException for the first that cannot be had
   */
  public void runSilently(Collection<String> files) throws InterruptedException {
    List<RemoteFile> missing = describe(files);
    await(downloads(missing, new AtomicLongArray(missing.size())), () -> {});
  }

  /**
   * Brings those of the files into the snapshot that are not there.
   *
   * @throws HubException for the first that cannot be had
   */
  public void run(Collection<String> files, FetchListener listener) throws InterruptedException {
    List<RemoteFile> missing = describe(files);
    if (missing.isEmpty()) {
      return;
    }
    AtomicLongArray received = new AtomicLongArray(missing.size());
    List<Callable<Void>> downloads = downloads(missing, received);
    long total = missing.stream().mapToLong(file -> Math.max(0, file.size())).sum();
    disk.requireSpace(model, total - sum(received));
    log.info(
        "Downloading {} at commit {} from {}: {} files, {}{}",
        model,
        commit,
        client.endpoint(),
        missing.size(),
        Bytes.text(total),
        sum(received) > 0 ? ", of which " + Bytes.text(sum(received)) + " are there" : "");
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

  /** What remains to be done for each file; what is there of it stands in {@code received}. */
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
    List<Callable<RemoteFile>> questions = new ArrayList<>();
    for (String file : files) {
      if (!repository.holds(commit, file)) {
        questions.add(() -> describe(file));
      }
    }
    return await(questions, () -> {});
  }

  private RemoteFile describe(String file) throws InterruptedException {
    try {
      return new Retry(policy, failures)
          .call(client.fileUri(model, commit, file), () -> client.describe(model, commit, file));
    } catch (NotOnHubException e) {
      throw failures.noFile(model, commit, file);
    }
  }

  /** How many bytes of a file are there already. */
  private long present(RemoteFile file) {
    return Math.max(
        BlobDownload.size(repository.incomplete(file.etag())),
        BlobDownload.size(repository.blob(file.etag())));
  }

  private static long sum(AtomicLongArray numbers) {
    long sum = 0;
    for (int i = 0; i < numbers.length(); i++) {
      sum += numbers.get(i);
    }
    return sum;
  }

  /**
   * Runs all work, calls {@code tick} meanwhile, and gives the results in the order of the work.
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

  /** Ends what still runs and waits for it, so that nothing is written afterwards. */
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
