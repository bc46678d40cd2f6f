package io.github.gpt2server.engine.request;

import io.github.gpt2server.model.LanguageModel;
import io.github.gpt2server.model.ModelTask;
import java.time.Duration;
import java.util.List;
import java.util.function.Function;

/**
 * A question to the model that is no generation, such as what its attention looks at.
 *
 * @param id names the request in logs
 * @param texts token ids of what it reads, for metrics and logs
 * @param start begins the task; runs on the engine thread
 * @param timeout counted from submission; what is not finished by then ends as timed out
 * @param client whose it is; tasks of clients take turns
 * @param <R> what the task finds out
 */
public record TaskRequest<R>(
    String id,
    List<int[]> texts,
    Function<LanguageModel, ModelTask<R>> start,
    Duration timeout,
    String client) {

  /** A task of nobody in particular. */
  public TaskRequest(
      String id, List<int[]> texts, Function<LanguageModel, ModelTask<R>> start, Duration timeout) {
    this(id, texts, start, timeout, "");
  }

  /** The same, of a client. */
  public TaskRequest<R> of(String owner) {
    return new TaskRequest<>(id, texts, start, timeout, owner);
  }
}
