package io.github.gpt2server.engine.schedule;

import io.github.gpt2server.engine.request.PrefixReuse;
import io.github.gpt2server.model.StepPlan;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Index of the model's prefix cache: which prompt prefixes are cached, and in which blocks. A trie
 * with a root for every salt: a node is a cache block, which holds the keys and values of up to
 * {@code blockLength} tokens that follow the blocks on its path from the root; tokens are compared
 * one by one, not by a hash. Evicts the least recently used leaf first.
 *
 * <p>A block that is being computed is reserved but not found until {@link #commit}; what is not
 * committed by {@link #endStep} is removed. Engine thread only.
 */
public final class PrefixCache {

  /** The tokens of a cache block, compared by value. */
  private record BlockTokens(int[] tokens) {
    @Override
    public boolean equals(Object other) {
      return other instanceof BlockTokens block && Arrays.equals(tokens, block.tokens);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(tokens);
    }
  }

  private static final class Node {
    final Node parent;
    final Object key;
    final int block;
    final Map<BlockTokens, Node> next = new HashMap<>();
    boolean computed;
    long lastUsed;

    Node(Node parent, Object key, int block) {
      this.parent = parent;
      this.key = key;
      this.block = block;
    }
  }

  private final int blocks;
  private final int blockLength;
  private final Map<String, Node> roots = new HashMap<>();
  private final Node[] byBlock;
  private final Deque<Integer> free = new ArrayDeque<>();
  private final List<Node> pending = new ArrayList<>();
  private long step;
  private long queriedTokens;
  private long hitTokens;

  /**
   * Creates an empty index.
   *
   * @param blocks number of blocks
   * @param blockLength largest number of tokens in a block
   */
  public PrefixCache(int blocks, int blockLength) {
    this.blocks = blocks;
    this.blockLength = blockLength;
    this.byBlock = new Node[blocks];
    for (int block = 0; block < blocks; block++) {
      free.add(block);
    }
  }

  /** The state of a part of a prompt in the cache. */
  enum State {
    /** A block holds it. */
    CACHED,
    /** Another sequence computes it in this step. */
    PENDING,
    /** Neither cached nor pending. */
    ABSENT
  }

  /**
   * Result of a lookup.
   *
   * @param block the block that holds the tokens, or {@link StepPlan#NO_BLOCK}
   */
  record Lookup(State state, int block) {
    private static final Lookup ABSENT = new Lookup(State.ABSENT, StepPlan.NO_BLOCK);
    private static final Lookup PENDING = new Lookup(State.PENDING, StepPlan.NO_BLOCK);
  }

  /** Begins a step: blocks found during the step are not evicted before its end. */
  void beginStep() {
    step++;
  }

  /**
   * Looks up the part of a prompt from {@code start} to {@code end}, after everything before it.
   *
   * @param start a multiple of the block length
   */
  Lookup find(String salt, int[] prompt, int start, int end) {
    Node before = before(salt, prompt, start);
    Node node = before == null ? null : before.next.get(tokens(prompt, start, end));
    if (node == null) {
      return Lookup.ABSENT;
    }
    if (!node.computed) {
      return Lookup.PENDING;
    }
    for (Node used = node; used != null; used = used.parent) {
      used.lastUsed = step;
    }
    return new Lookup(State.CACHED, node.block);
  }

  /**
   * Reserves a block for a part of a prompt that is computed in this step.
   *
   * @return the block, or {@link StepPlan#NO_BLOCK} if none is available
   */
  int reserve(String salt, int[] prompt, int start, int end) {
    Node before = before(salt, prompt, start);
    // A block whose predecessor is not cached could never be found.
    if (blocks == 0 || (start > 0 && before == null)) {
      return StepPlan.NO_BLOCK;
    }
    if (before != null) {
      before.lastUsed = step;
    }
    if (free.isEmpty() && !evict()) {
      return StepPlan.NO_BLOCK;
    }
    if (start == 0) {
      // Only now, because eviction removes a root along with its last block.
      before = roots.computeIfAbsent(salt, key -> new Node(null, key, StepPlan.NO_BLOCK));
    }
    Node node = new Node(before, tokens(prompt, start, end), free.remove());
    node.lastUsed = step;
    before.next.put((BlockTokens) node.key, node);
    byBlock[node.block] = node;
    pending.add(node);
    return node.block;
  }

  /** Marks a block as computed, so that it is found. */
  public void commit(int block) {
    if (block != StepPlan.NO_BLOCK && byBlock[block] != null) {
      byBlock[block].computed = true;
    }
  }

  /** Ends a step and removes what was reserved in it but not committed. */
  public void endStep() {
    pending.stream().filter(node -> !node.computed).forEach(this::remove);
    pending.clear();
  }

  /** Removes every block of a prompt and all that follow them, because they may hold NaN. */
  public void forget(PrefixReuse reuse, int[] prompt) {
    Node root = roots.get(reuse.salt());
    int end = Math.min(blockLength, reuse.length());
    Node first = root == null ? null : root.next.get(tokens(prompt, 0, end));
    if (first != null) {
      remove(first);
    }
  }

  /** Removes everything. */
  public void clear() {
    roots.clear();
    pending.clear();
    free.clear();
    for (int block = 0; block < blocks; block++) {
      byBlock[block] = null;
      free.add(block);
    }
  }

  /**
   * Counts a prompt that has been read.
   *
   * @param queried number of its reusable tokens
   * @param hit number of these that were cached
   */
  public void count(int queried, int hit) {
    queriedTokens += queried;
    hitTokens += hit;
  }

  public PrefixCacheStatus status() {
    double usage = blocks == 0 ? 0 : (double) (blocks - free.size()) / blocks;
    return new PrefixCacheStatus(usage, queriedTokens, hitTokens);
  }

  /** The node whose child would hold the tokens from {@code start} on, or null. */
  private Node before(String salt, int[] prompt, int start) {
    Node node = roots.get(salt);
    for (int from = 0; node != null && from < start; from += blockLength) {
      node = node.next.get(tokens(prompt, from, from + blockLength));
    }
    return node;
  }

  private static BlockTokens tokens(int[] prompt, int start, int end) {
    return new BlockTokens(Arrays.copyOfRange(prompt, start, end));
  }

  /** Frees the least recently used leaf; false if all leaves are in use in this step. */
  private boolean evict() {
    Node oldest = null;
    for (Node node : byBlock) {
      if (node != null
          && node.next.isEmpty()
          && node.lastUsed < step
          && (oldest == null || node.lastUsed < oldest.lastUsed)) {
        oldest = node;
      }
    }
    if (oldest != null) {
      remove(oldest);
    }
    return oldest != null;
  }

  private void remove(Node node) {
    List.copyOf(node.next.values()).forEach(this::remove);
    if (byBlock[node.block] == node) {
      byBlock[node.block] = null;
      free.add(node.block);
      node.parent.next.remove(node.key);
      if (node.parent.parent == null && node.parent.next.isEmpty()) {
        roots.remove(node.parent.key);
      }
    }
  }
}
