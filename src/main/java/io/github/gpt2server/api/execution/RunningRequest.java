package io.github.gpt2server.api.execution;

import io.github.gpt2server.engine.handle.EngineHandle;
import io.github.gpt2server.engine.handle.RequestProgress;
import io.github.gpt2server.engine.result.EngineStoppedException;
import io.github.gpt2server.engine.result.InvalidModelOutputException;
import io.github.gpt2server.engine.result.NotEnoughMemoryException;
import io.github.gpt2server.engine.result.Outcome;
import io.github.gpt2server.engine.result.TooFewTextsException;
import io.github.gpt2server.sampling.ExcludedTokensException;
import io.github.gpt2server.web.error.ApiException;
import io.github.gpt2server.web.error.ClientGoneException;
import io.github.gpt2server.web.error.ErrorCode;
import io.github.gpt2server.web.tomcat.ClientConnection;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A request to the engine whose client may disconnect: the waiting thread checks the connection at
 * intervals. Closing cancels a request that has not ended, so that nothing runs on without a
 * reader, whether it disconnected or failed.
 */
public abstract class RunningRequest implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(RunningRequest.class);

  /** Interval between two checks of the connection, about one step of a small model. */
  private static final long CHECK_MILLIS = 20;

  /** Number of waiting threads above which the interval grows, so that checks cost no more. */
  private static final int MAX_EAGER_THREADS = 64;

  /** Number of threads of the process that wait for the engine. */
  private static final AtomicInteger WAITING = new AtomicInteger();

  private final EngineHandle handle;
  private final ClientConnection client = ClientConnection.current();

  RunningRequest(EngineHandle handle) {
    this.handle = handle;
  }

  /** A condition that is awaited for at most {@code limit} at a time. */
  @FunctionalInterface
  interface Wait {
    boolean happened(Duration limit) throws InterruptedException;
  }

  /**
   * Waits until the condition holds, at most {@code patience}, and checks the client at intervals.
   *
   * @throws ClientGoneException if the client disconnects
   */
  final void await(Duration patience, Wait wait) {
    WAITING.incrementAndGet();
    try {
      long start = System.nanoTime();
      while (System.nanoTime() - start < patience.toNanos() && !wait.happened(interval())) {
        checkClient();
      }
      checkClient();
    } catch (InterruptedException e) {
      throw interrupted();
    } finally {
      WAITING.decrementAndGet();
    }
  }

  /** The progress of the request. */
  public final RequestProgress progress() {
    return handle.progress();
  }

  /**
   * Waits for the end.
   *
   * @throws ClientGoneException if the client disconnects
   * @throws ApiException if the request fails, times out or is cancelled
   */
  final void awaitFinish() {
    await(Duration.ofNanos(Long.MAX_VALUE), handle::awaitEnd);
    requireFinished();
  }

  /** Returns whether the end has been read, after which no more events follow. */
  public final boolean ended() {
    return handle.outcome() != null;
  }

  /**
   * Checks the outcome of a request that has ended.
   *
   * @throws ApiException if it failed, timed out or was cancelled
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
        if (handle.failure() instanceof ExcludedTokensException excluded) {
          throw excluded(excluded.generated());
        }
        if (handle.failure() instanceof TooFewTextsException few) {
          throw tooFew(few);
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

  private static Duration interval() {
    return Duration.ofMillis(CHECK_MILLIS * Math.max(1, WAITING.get() / MAX_EAGER_THREADS));
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

  private static ApiException excluded(int generated) {
    return ApiException.invalid(
        null,
        "The request's fields exclude every token after %d generated tokens: allowed_token_ids, bad_words, no_repeat_ngram_size, min_tokens, token_healing and the form of the text together leave none. Relax one of them, or ask for fewer tokens."
            .formatted(generated));
  }

  private static ApiException tooFew(TooFewTextsException few) {
    return ApiException.invalid(
        null,
        "The request's fields leave %d of the %d texts that n asks for: allowed_token_ids, bad_words, no_repeat_ngram_size, min_tokens and max_tokens together exclude all others. Relax one of them, or ask for fewer texts."
            .formatted(few.found(), few.wanted()));
  }

  private static ApiException shuttingDown() {
    return ApiException.unavailable(
        ErrorCode.NOT_AVAILABLE, "The server is shutting down; try again later or elsewhere.");
  }
}
