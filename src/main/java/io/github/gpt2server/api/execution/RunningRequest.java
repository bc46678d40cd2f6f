package io.github.gpt2server.api.execution;

import io.github.gpt2server.engine.handle.EngineHandle;
import io.github.gpt2server.engine.result.EngineStoppedException;
import io.github.gpt2server.engine.result.InvalidModelOutputException;
import io.github.gpt2server.engine.result.NotEnoughMemoryException;
import io.github.gpt2server.engine.result.Outcome;
import io.github.gpt2server.web.error.ApiException;
import io.github.gpt2server.web.error.ClientGoneException;
import io.github.gpt2server.web.error.ErrorCode;
import io.github.gpt2server.web.tomcat.ClientConnection;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A request to the engine on behalf of a client who may leave: while its thread waits, it watches
 * the connection. Closing cancels what has not ended, so nothing goes on without a reader, however
 * the reader went.
 */
public abstract class RunningRequest implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(RunningRequest.class);

  /** How soon a lost client is noticed, about one step of a small model. */
  private static final long GLANCE_MILLIS = 20;

  /** So many threads glance that often; more of them do so less often, and cost no more. */
  private static final int EAGER_THREADS = 64;

  /** Threads that wait for the engine, in the whole process. */
  private static final AtomicInteger WAITING = new AtomicInteger();

  private final EngineHandle handle;
  private final ClientConnection client = ClientConnection.current();

  RunningRequest(EngineHandle handle) {
    this.handle = handle;
  }

  /** Something to wait for, {@code limit} at the most. */
  @FunctionalInterface
  interface Wait {
    boolean happened(Duration limit) throws InterruptedException;
  }

  /**
   * Waits in glances until something happens or {@code patience} is over, watching the client.
   *
   * @throws ClientGoneException if the client leaves
   */
  final void await(Duration patience, Wait wait) {
    WAITING.incrementAndGet();
    try {
      long start = System.nanoTime();
      while (System.nanoTime() - start < patience.toNanos() && !wait.happened(glance())) {
        checkClient();
      }
      checkClient();
    } catch (InterruptedException e) {
      throw interrupted();
    } finally {
      WAITING.decrementAndGet();
    }
  }

  /**
   * Waits for the end.
   *
   * @throws ClientGoneException if the client leaves
   * @throws ApiException if the request ends in any way but finished
   */
  final void awaitFinish() {
    await(Duration.ofNanos(Long.MAX_VALUE), handle::awaitEnd);
    requireFinished();
  }

  /** Whether the end has been read: nothing more will come. */
  public final boolean ended() {
    return handle.outcome() != null;
  }

  /**
   * To be asked after the end.
   *
   * @throws ApiException if it ended in any way but finished
   */
  public final void requireFinished() {
    Outcome outcome = handle.outcome();
    switch (outcome) {
      case FINISHED -> {}
      case TIMED_OUT -> throw ApiException.timedOut(handle.timeout());
      case CANCELLED -> throw shuttingDown();
      case FAILED -> {
        if (handle.failure() instanceof EngineStoppedException) {
          throw shuttingDown();
        }
        if (handle.failure() instanceof InvalidModelOutputException) {
          throw ApiException.modelOutputInvalid();
        }
        if (handle.failure() instanceof NotEnoughMemoryException) {
          throw ApiException.outOfMemory();
        }
        log.error("Request {} failed", handle.id(), handle.failure());
        throw ApiException.failed(handle.id());
      }
    }
  }

  @Override
  public final void close() {
    if (!ended()) {
      handle.cancel();
    }
  }

  private static Duration glance() {
    return Duration.ofMillis(GLANCE_MILLIS * Math.max(1, WAITING.get() / EAGER_THREADS));
  }

  private void checkClient() {
    if (client.gone()) {
      throw new ClientGoneException();
    }
  }

  static ApiException interrupted() {
    Thread.currentThread().interrupt();
    return shuttingDown();
  }

  private static ApiException shuttingDown() {
    return ApiException.unavailable(
        ErrorCode.NOT_AVAILABLE, "The server is shutting down; try again later or elsewhere.");
  }
}
