package io.github.gpt2server.engine;

import io.github.gpt2server.model.StepPlan;
import io.github.gpt2server.model.StepPlan.Chunk;
import io.github.gpt2server.model.StepPlan.Decode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Decides what the next step computes: one token of every sequence that generates, and pieces of
 * the prompts that are still being read, oldest first. A long prompt is read in pieces between
 * other sequences' tokens, so that it never stalls them.
 *
 * <p>Pieces begin and end at multiples of the chunk size whatever the traffic is: a prompt read in
 * other pieces gives logits that differ in their last bits, and a request's answer must not depend
 * on its neighbours.
 */
final class Scheduler {
  private final int chunkSize;
  private final int busyTokens;
  private final int idleTokens;

  /**
   * @param chunkSize the longest piece of a prompt
   * @param busyTokens how many prompt tokens a step reads while other sequences generate, rounded
   *     up to whole pieces
   * @param idleTokens the same while nothing generates
   */
  Scheduler(int chunkSize, int busyTokens, int idleTokens) {
    this.chunkSize = chunkSize;
    this.busyTokens = busyTokens;
    this.idleTokens = idleTokens;
  }

  /**
   * Plans a step.
   *
   * @param running the sequences that have a slot, oldest first
   * @param prompts whether prompts are read in this step
   */
  StepPlan plan(List<Sequence> running, boolean prompts) {
    List<Decode> decodes =
        running.stream()
            .filter(sequence -> !sequence.prefilling())
            .map(Sequence::decode)
            .sorted(Comparator.comparingInt(Decode::slot))
            .toList();
    List<Chunk> chunks = new ArrayList<>();
    int budget = !prompts ? 0 : decodes.isEmpty() ? idleTokens : busyTokens;
    for (Sequence sequence : running) {
      int length = sequence.request().prompt().length;
      int start = sequence.prefilled();
      while (start < length && budget > 0) {
        int end = Math.min(length, (start / chunkSize + 1) * chunkSize);
        chunks.add(sequence.chunk(start, end));
        budget -= end - start;
        start = end;
      }
    }
    return new StepPlan(decodes, chunks);
  }
}
