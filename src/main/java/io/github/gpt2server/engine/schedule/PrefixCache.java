package io.github.gpt2server.engine.schedule;

import io.github.gpt2server.engine.request.PrefixReuse;
import io.github.gpt2server.engine.result.Failures;
import io.github.gpt2server.model.BlockCopy;
import io.github.gpt2server.model.LanguageModel;
import java.util.Arrays;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The model's prefix cache: retains the keys and values of what sequences read and generate, and
 * gives them to those that begin with the same tokens. Its failures cost time alone: it is emptied,
 * and prompts are computed. Engine thread only.
 */
public final class PrefixCache {
  private static final Logger log = LoggerFactory.getLogger(Failures.LOGGER);

  /** Number of tokens that are worth a step of waiting. */
  private static final int LEAST_SHARED = 8;

  /** A step copies one in so many of the generated blocks that wait for it, rounded up. */
  private static final int STEPS_OF_BLOCKS = 8;

  private final LanguageModel model;
  private final PrefixIndex index;
  private long queriedTokens;
  private long hitTokens;

  /** Creates the cache of a model, empty. */
  public PrefixCache(LanguageModel model) {
    this.model = model;
    this.index = new PrefixIndex(model.blocks(), model.blockLength());
  }

  /**
   * Gives a sequence of which nothing is read the longest cached beginning of its prompt.
   *
   * @return the number of tokens
   */
  int restore(Sequence sequence) {
    int wanted = sequence.reusable();
    if (wanted == 0) {
      return 0;
    }
    List<BlockCopy> copies = find(sequence);
    int found = length(copies);
    if (found > 0 && !copy(() -> model.restore(copies))) {
      found = 0;
    }
    queriedTokens += wanted;
    hitTokens += found;
    sequence.restore(found);
    return found;
  }

  /**
   * Returns whether a prompt of which nothing is read should wait: another one that is read before
   * it begins with the same tokens, more than the cache has of them.
   *
   * @param byAge the prompts that are being read, oldest first
   */
  boolean awaits(Sequence sequence, List<Sequence> byAge) {
    if (model.blocks() == 0 || sequence.prefilled() > 0 || byAge.size() < 2) {
      return false;
    }
    int cached = length(find(sequence));
    boolean older = true;
    for (Sequence other : byAge) {
      if (other == sequence) {
        older = false;
      } else if ((older || other.prefilled() > 0)
          && common(sequence, other) >= cached + LEAST_SHARED) {
        return true;
      }
    }
    return false;
  }

  /** Number of tokens of a prompt that the cache will have once another one is read. */
  private static int common(Sequence sequence, Sequence other) {
    PrefixReuse reuse = other.request().reuse();
    if (!reuse.salt().equals(sequence.request().reuse().salt())) {
      return 0;
    }
    int length = Math.min(sequence.reusable(), reuse.length());
    int mismatch =
        Arrays.mismatch(
            sequence.request().prompt(), 0, length, other.request().prompt(), 0, length);
    return mismatch < 0 ? length : mismatch;
  }

  private List<BlockCopy> find(Sequence sequence) {
    return index.find(
        sequence.request().reuse().salt(),
        sequence.request().prompt(),
        sequence.reusable(),
        sequence.slot());
  }

  private static int length(List<BlockCopy> copies) {
    return copies.stream().mapToInt(BlockCopy::length).sum();
  }

  /**
   * Retains what an ended sequence has computed, to its end, where a conversation goes on. Its slot
   * must still hold it.
   */
  public void retainEnded(Sequence sequence) {
    retain(sequence, sequence.retainable());
  }

  /**
   * Retains what running sequences have computed: of prompts all whole blocks and the whole prompt
   * once it is read, for other texts are likeliest to begin with that; of generated texts some of
   * the whole blocks that are not retained yet. Sequences that began together fill their blocks in
   * the same step, and if it copied all of them, every stream would wait.
   */
  public void retain(List<Sequence> running) {
    int waiting = 0;
    for (Sequence sequence : running) {
      int computed = sequence.retainable();
      int reusable = sequence.request().reuse().length();
      if (computed <= reusable) {
        retain(sequence, computed == reusable ? computed : wholeBlocks(computed));
      } else {
        waiting += waitingBlocks(sequence);
      }
    }
    int blocks = (waiting + STEPS_OF_BLOCKS - 1) / STEPS_OF_BLOCKS;
    for (Sequence sequence : running) {
      int some = Math.min(blocks, waitingBlocks(sequence));
      if (some > 0) {
        retain(sequence, wholeBlocks(sequence.retained()) + some * model.blockLength());
        blocks -= some;
      }
    }
  }

  private int waitingBlocks(Sequence sequence) {
    return model.blocks() == 0
        ? 0
        : sequence.retainable() / model.blockLength() - sequence.retained() / model.blockLength();
  }

  private int wholeBlocks(int tokens) {
    return tokens / model.blockLength() * model.blockLength();
  }

  private void retain(Sequence sequence, int length) {
    if (model.blocks() > 0 && length > sequence.retained()) {
      List<BlockCopy> copies =
          index.add(sequence.request().reuse().salt(), sequence.text(), length, sequence.slot());
      if (!copies.isEmpty()) {
        copy(() -> model.retain(copies));
      }
      sequence.retain(length);
    }
  }

  private boolean copy(Runnable copying) {
    try {
      copying.run();
      return true;
    } catch (RuntimeException | Error e) {
      Failures.requireSurvivable(e);
      log.warn("Keys and values could not be copied; the prefix cache is emptied", e);
      index.clear();
      return false;
    }
  }

  /** Removes what a sequence may have retained, because it may hold NaN. */
  public void forget(Sequence sequence) {
    index.remove(sequence.request().reuse().salt(), sequence.request().prompt());
  }

  /** Removes everything. */
  public void clear() {
    index.clear();
  }

  /** Number of tokens that were found since the start. */
  public long hitTokens() {
    return hitTokens;
  }

  public PrefixCacheStatus status() {
    return new PrefixCacheStatus(index.usage(), queriedTokens, hitTokens);
  }
}
