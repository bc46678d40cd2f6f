package io.github.gpt2server.engine.handle;

import io.github.gpt2server.engine.request.TaskRequest;
import io.github.gpt2server.engine.result.Outcome;

/**
 * A submitted {@link TaskRequest} as its submitter sees it.
 *
 * @param <R> what the task finds out
 */
public final class TaskHandle<R> extends EngineHandle {
  private volatile R result;

  public TaskHandle(TaskRequest<R> request, Deadline deadline) {
    super(RequestProgress.of(request), request.timeout(), deadline);
  }

  /** What the task found out; null unless its outcome is {@link Outcome#FINISHED}. */
  public R result() {
    return result;
  }

  /** Ends the task with its answer; engine thread only. */
  public void finish(R answer) {
    result = answer;
    end(Outcome.FINISHED, null);
  }

  @Override
  void ended() {}
}
