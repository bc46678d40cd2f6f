package io.github.gpt2server.api.insight.similar;

import io.github.gpt2server.api.execution.RunningTask;
import io.github.gpt2server.serving.ServedModel;
import io.github.gpt2server.text.RandomId;
import java.time.Duration;
import java.util.Map;

/** Searches similar tokens on the engine and builds their response. */
final class MostSimilarHandler {
  private final ServedModel model;
  private final Duration timeout;

  MostSimilarHandler(ServedModel model, Duration timeout) {
    this.model = model;
    this.timeout = timeout;
  }

  /** Finds the tokens with the most similar embeddings. */
  MostSimilarResponse find(MostSimilarSpec spec) {
    String id = RandomId.of("similar-");
    try (RunningTask<Map<Integer, Float>> running =
        RunningTask.submit(model.engine()::submit, spec.search().task(id, timeout))) {
      return response(running.await());
    }
  }

  private MostSimilarResponse response(Map<Integer, Float> cosines) {
    return new MostSimilarResponse(
        cosines.entrySet().stream()
            .map(
                near ->
                    new MostSimilarResponse.Neighbor(
                        near.getKey(), model.tokenizer().token(near.getKey()), near.getValue()))
            .toList());
  }
}
