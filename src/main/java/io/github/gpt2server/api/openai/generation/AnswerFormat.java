package io.github.gpt2server.api.openai.generation;

import java.util.List;

/**
 * The shape of an endpoint's answers.
 *
 * @param <R> the whole response
 * @param <C> a choice of a chunk
 */
public interface AnswerFormat<R, C> {

  /** The whole response. */
  R response(GenerationResult result);

  /**
   * The choices that stand for an increment, each of which is sent as a chunk of its own.
   *
   * @param sequence the sequence's index
   * @param first whether nothing of this sequence has been sent
   */
  List<C> choices(int sequence, Increment increment, boolean first);

  /**
   * A chunk.
   *
   * @param usage the usage so far, or null
   * @param withUsage whether the chunk has a usage, even if that is null
   * @param timings where the time went, in the last chunk, or null
   */
  Object chunk(List<C> choices, Usage usage, boolean withUsage, Timings timings);
}
