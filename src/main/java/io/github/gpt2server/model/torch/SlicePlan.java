package io.github.gpt2server.model.torch;

import io.github.gpt2server.model.checkpoint.Gpt2Config;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * The calls of a task in their order, done in slices of about equal length. A cost is counted in
 * row-layers: one is what a block does to one row.
 */
final class SlicePlan {

  /** The rows of a slice: one prompt chunk's on a GPU, two chunks' on a CPU. */
  private static final int ROWS = 64;

  private final Deque<Call> calls = new ArrayDeque<>();
  private final long budget;
  private final double unembedding;

  private record Call(double cost, Runnable work) {}

  SlicePlan(Gpt2Config config) {
    this.budget = (long) ROWS * config.layers();
    // A block has about 12 W² weights, the unembedding V W; softmax and sorting come on top.
    this.unembedding = 2.5 * config.vocabSize() / (12.0 * config.width());
  }

  /** Number of rows that may pass a block within one slice. */
  int rows() {
    return (int) budget;
  }

  /** Adds a call that passes rows through a block. */
  void block(int rows, Runnable work) {
    calls.add(new Call(rows, work));
  }

  /** Adds a call that takes the logits of rows. */
  void unembedding(int rows, Runnable work) {
    calls.add(new Call(rows * unembedding, work));
  }

  /** Adds a call that takes next to no time. */
  void brief(Runnable work) {
    calls.add(new Call(0, work));
  }

  /** Makes the next calls; a call that is longer than a slice gets one of its own. */
  boolean advance() {
    double spent = 0;
    while (!calls.isEmpty() && (spent == 0 || spent + calls.peek().cost <= budget)) {
      Call call = calls.remove();
      call.work.run();
      spent += call.cost;
    }
    return !calls.isEmpty();
  }
}
