package io.github.gpt2server.api.execution;

import io.github.gpt2server.engine.handle.EngineHandle;
import io.github.gpt2server.engine.handle.RequestProgress;
import io.github.gpt2server.engine.request.Generation;
import io.github.gpt2server.engine.request.SequenceRequest;
import io.github.gpt2server.engine.request.TaskRequest;
import java.util.List;

/**
 * Tokens as limits by API key count them: those of each prompt or text, wherever their keys and
 * values come from, and those that are generated.
 */
public final class TokenCount {

  private TokenCount() {}

  /** The most that a generation may take. */
  public static long most(Generation generation) {
    return read(generation.prompts())
        + generation.sequences().stream().mapToLong(SequenceRequest::maxTokens).sum();
  }

  /** What a task takes. */
  static long most(TaskRequest<?> task) {
    return read(task.texts());
  }

  /** What a request has taken so far: nothing if it has only waited. */
  static long used(EngineHandle handle) {
    RequestProgress progress = handle.progress();
    return progress.untilStart().isEmpty()
        ? 0
        : read(progress.prompts()) + progress.generatedTokens();
  }

  private static long read(List<int[]> texts) {
    return texts.stream().mapToLong(text -> text.length).sum();
  }
}
