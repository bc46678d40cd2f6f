package io.github.gpt2server.api.execution;

import io.github.gpt2server.engine.handle.EngineHandle;
import io.github.gpt2server.engine.handle.GenerationHandle;
import io.github.gpt2server.engine.handle.RequestProgress;
import io.github.gpt2server.engine.request.Generation;
import io.github.gpt2server.engine.request.SequenceRequest;
import io.github.gpt2server.engine.request.TaskRequest;
import io.github.gpt2server.engine.request.TextSearch;
import java.util.List;

/**
 * Tokens as limits by API key count them: those of each prompt or text, wherever their keys and
 * values come from, and those that are generated.
 */
public final class TokenCount {

  private TokenCount() {}

  /** The most that a generation may take; a search generates the tokens of all its beams. */
  public static long most(Generation generation) {
    TextSearch search = generation.search();
    long generated = generation.sequences().stream().mapToLong(SequenceRequest::maxTokens).sum();
    return read(generation.prompts())
        + (search == null ? generated : generated / search.results() * search.width());
  }

  /** What a task takes. */
  static long most(TaskRequest<?> task) {
    return read(task.texts());
  }

  /**
   * What a request has taken so far: nothing if it has only waited. A search takes the most that it
   * may, for it does not count the tokens of beams that it gives up.
   */
  static long used(EngineHandle handle) {
    RequestProgress progress = handle.progress();
    if (progress.untilStart().isEmpty()) {
      return 0;
    }
    return handle instanceof GenerationHandle generation && generation.generation().search() != null
        ? most(generation.generation())
        : read(progress.prompts()) + progress.generatedTokens();
  }

  private static long read(List<int[]> texts) {
    return texts.stream().mapToLong(text -> text.length).sum();
  }
}
