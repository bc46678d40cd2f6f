package io.github.gpt2server.api.insight.inspect;

import io.github.gpt2server.analysis.InspectionAnswer;
import io.github.gpt2server.api.execution.RunningTask;
import io.github.gpt2server.serving.ServedModel;
import io.github.gpt2server.text.RandomId;
import io.github.gpt2server.web.error.ModelOutput;
import java.time.Duration;

/** Inspects the model's internals on the engine and builds the response. */
final class InspectHandler {
  private final ServedModel model;
  private final Duration timeout;

  InspectHandler(ServedModel model, Duration timeout) {
    this.model = model;
    this.timeout = timeout;
  }

  /** Reports the requested internals. */
  InspectResponse inspect(InspectSpec spec) {
    String id = RandomId.of("inspect-");
    InspectionAnswer answer;
    try (RunningTask<InspectionAnswer> running =
        RunningTask.submit(model.engine()::submit, spec.question().task(id, timeout))) {
      answer = running.await();
    }
    ModelOutput.requireFinite(answer.finite(), id);
    return new InspectResponseBuilder(model, spec, answer).response();
  }
}
