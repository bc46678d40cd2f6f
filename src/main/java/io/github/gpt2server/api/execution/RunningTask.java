package io.github.gpt2server.api.execution;

import io.github.gpt2server.engine.handle.TaskHandle;
import io.github.gpt2server.engine.request.TaskRequest;
import io.github.gpt2server.web.Caller;
import io.github.gpt2server.web.error.ApiException;
import io.github.gpt2server.web.error.ClientGoneException;
import io.github.gpt2server.web.ratelimit.Quota;
import java.util.function.Function;

/**
 * A running task, cancelled if its client disconnects.
 *
 * @param <R> the task's result
 */
public final class RunningTask<R> extends RunningRequest {
  private final TaskHandle<R> handle;

  private RunningTask(TaskHandle<R> handle) {
    super(handle);
    this.handle = handle;
  }

  /**
   * Submits a task for the current request's client, within the limits of its key.
   *
   * @param engine {@code Engine::submit}
   */
  public static <R> RunningTask<R> submit(
      Function<TaskRequest<R>, TaskHandle<R>> engine, TaskRequest<R> request) {
    return new RunningTask<>(
        Quota.current()
            .submit(
                TokenCount.most(request),
                () -> engine.apply(request.of(Caller.current().client())),
                TokenCount::used));
  }

  /**
   * Waits for the result.
   *
   * @throws ClientGoneException if the client disconnects
   * @throws ApiException if the task fails, times out or is cancelled
   */
  public R await() {
    awaitFinish();
    return handle.result();
  }
}
