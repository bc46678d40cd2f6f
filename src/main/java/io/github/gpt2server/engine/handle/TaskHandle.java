package io.github.gpt2server.engine.handle;

import io.github.gpt2server.engine.request.TaskRequest;
import io.github.gpt2server.engine.result.Outcome;

/**
 * A submitted {@link TaskRequest} as its submitter sees it.
 *
 * @param <R> type of the result
 */
public final class TaskHandle<R> extends EngineHandle {
  private volatile R result;

  public TaskHandle(TaskRequest<R> request, Deadline deadline) {
    super(RequestProgress.of(request), request.timeout(), deadline);
  }

  /** The result; null unless the outcome is {@link Outcome#FINISHED}. */
  public R result() {
    return result;
  }

  /** Ends the task with its result. Engine thread only. */
  public void finish(R answer) {
    result = answer;
    end(Outcome.FINISHED, null);
  }

  @Override
  void ended() {}
}
