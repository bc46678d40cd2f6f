package io.github.gpt2server.hub.http;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpTimeoutException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * The body of an answer as a sequence of buffers. Unlike the JDK's stream it times out on a silent
 * connection and lets a waiting thread be interrupted.
 */
public final class BodyReader implements BodySubscriber<BodyReader>, AutoCloseable {
  private static final int MAX_TEXT = 16 << 20;

  /** Received buffers, the end (neither buffers nor failure) or a failure. */
  private record Item(List<ByteBuffer> bytes, Throwable failure) {}

  private final BlockingQueue<Item> items = new LinkedBlockingQueue<>();
  private final Duration patience;
  private Flow.Subscription subscription;
  private boolean closed;

  /** Creates a reader that waits up to {@code patience} for each read. */
  BodyReader(Duration patience) {
    this.patience = patience;
  }

  /** Completes as soon as the headers have arrived. */
  @Override
  public CompletionStage<BodyReader> getBody() {
    return CompletableFuture.completedStage(this);
  }

  @Override
  public synchronized void onSubscribe(Flow.Subscription given) {
    subscription = given;
    if (closed) {
      given.cancel();
    } else {
      given.request(1);
    }
  }

  @Override
  public void onNext(List<ByteBuffer> bytes) {
    items.add(new Item(bytes, null));
  }

  @Override
  public void onError(Throwable failure) {
    items.add(new Item(null, failure));
  }

  @Override
  public void onComplete() {
    items.add(new Item(null, null));
  }

  /**
   * Returns the next buffers, none at the end.
   *
   * @throws HttpTimeoutException if no data arrives in time
   * @throws IOException if the connection ends before the body does
   */
  public List<ByteBuffer> next() throws IOException, InterruptedException {
    Item item = items.poll(patience.toNanos(), TimeUnit.NANOSECONDS);
    if (item == null) {
      throw new HttpTimeoutException("no data arrived for " + patience.toSeconds() + " seconds");
    }
    if (item.failure() != null) {
      throw new IOException(item.failure().getMessage(), item.failure());
    }
    if (item.bytes() == null) {
      return List.of();
    }
    requestNext();
    return item.bytes();
  }

  /** Reads the whole body, of at most 16 MiB. */
  byte[] all() throws IOException, InterruptedException {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (List<ByteBuffer> buffers = next(); !buffers.isEmpty(); buffers = next()) {
      for (ByteBuffer buffer : buffers) {
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        all.write(bytes);
      }
      if (all.size() > MAX_TEXT) {
        throw new IOException("the answer is longer than " + MAX_TEXT + " bytes");
      }
    }
    return all.toByteArray();
  }

  private synchronized void requestNext() {
    subscription.request(1);
  }

  /** Cancels the transfer of what has not been read. */
  @Override
  public synchronized void close() {
    closed = true;
    if (subscription != null) {
      subscription.cancel();
    }
  }
}
