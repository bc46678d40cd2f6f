package io.github.gpt2server.engine.request;

import io.github.gpt2server.model.LanguageModel;
import io.github.gpt2server.model.ModelTask;
import java.time.Duration;
import java.util.List;
import java.util.function.Function;

/**
 * A request for a computation other than generation, such as an inspection of attention.
 *
 * @param id the request's name in logs
 * @param texts token ids of the texts that it reads, for metrics and logs
 * @param start creates the task; runs on the engine thread
 * @param timeout longest time from submission to the end
 * @param client the client that it belongs to; clients' tasks take turns
 * @param <R> type of the result
 */
public record TaskRequest<R>(
    String id,
    List<int[]> texts,
    Function<LanguageModel, ModelTask<R>> start,
    Duration timeout,
    String client) {

  /** Creates a request without a client. */
  public TaskRequest(
      String id, List<int[]> texts, Function<LanguageModel, ModelTask<R>> start, Duration timeout) {
    this(id, texts, start, timeout, "");
  }

  /** This request as one of {@code owner}. */
  public TaskRequest<R> of(String owner) {
    return new TaskRequest<>(id, texts, start, timeout, owner);
  }
}
