package io.github.gpt2server.engine.task;

import io.github.gpt2server.engine.handle.Deadline;
import io.github.gpt2server.engine.handle.TaskHandle;
import io.github.gpt2server.engine.request.TaskRequest;
import io.github.gpt2server.engine.result.Outcome;
import io.github.gpt2server.model.LanguageModel;
import io.github.gpt2server.model.ModelTask;

/**
 * A {@link TaskRequest} inside the engine.
 *
 * @param <R> type of the result
 */
public final class Task<R> {
  private final TaskRequest<R> request;
  private final TaskHandle<R> handle;
  private ModelTask<R> work;

  public Task(TaskRequest<R> request, Deadline deadline) {
    this.request = request;
    this.handle = new TaskHandle<>(request, deadline);
  }

  public TaskHandle<R> handle() {
    return handle;
  }

  String client() {
    return request.client();
  }

  /** Computes a slice. After the last one, ends the task with its result and returns false. */
  boolean advance(LanguageModel model) {
    if (work == null) {
      work = request.start().apply(model);
    }
    if (work.advance()) {
      return true;
    }
    R answer = work.result();
    free();
    handle.finish(answer);
    return false;
  }

  /** Ends the task without a result. */
  void end(Outcome outcome, Throwable cause) {
    try {
      free();
    } finally {
      handle.end(outcome, cause);
    }
  }

  private void free() {
    ModelTask<R> done = work;
    work = null;
    if (done != null) {
      done.close();
    }
  }
}
