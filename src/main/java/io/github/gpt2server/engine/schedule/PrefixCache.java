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
 * Which pieces of prompts the model's prefix cache keeps, and in which block. A trie: each node is
 * a piece after the pieces on its way from the root, compared token by token, with a root for every
 * salt. The least recently used piece that nothing follows goes first.
 *
 * <p>A piece that is being computed has a block but is not found until {@link #commit} says that it
 * is there; what is not committed by {@link #endStep} is forgotten. Engine thread only.
 */
public final class PrefixCache {

  /** A piece's tokens, compared by value. */
  private record Piece(int[] tokens) {
    @Override
    public boolean equals(Object other) {
      return other instanceof Piece piece && Arrays.equals(tokens, piece.tokens);
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
    final Map<Piece, Node> next = new HashMap<>();
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
   * @param blocks how many pieces can be kept
   * @param blockLength how many tokens a piece has at the most
   */
  public PrefixCache(int blocks, int blockLength) {
    this.blocks = blocks;
    this.blockLength = blockLength;
    this.byBlock = new Node[blocks];
    for (int block = 0; block < blocks; block++) {
      free.add(block);
    }
  }

  /** What is known of a piece. */
  enum State {
    /** A block keeps it. */
    KEPT,
    /** Another sequence computes it in this step. */
    PENDING,
    /** Nobody does. */
    UNKNOWN
  }

  /**
   * A look at a piece.
   *
   * @param state what is known of it
   * @param block the block that keeps it, or {@link StepPlan#NO_BLOCK}
   */
  record Lookup(State state, int block) {
    private static final Lookup UNKNOWN = new Lookup(State.UNKNOWN, StepPlan.NO_BLOCK);
    private static final Lookup PENDING = new Lookup(State.PENDING, StepPlan.NO_BLOCK);
  }

  /** Begins a step: what is found in it stays until its end. */
  void beginStep() {
    step++;
  }

  /** Looks for the piece of a prompt from {@code start}, a multiple of the length, to end. */
  Lookup find(String salt, int[] prompt, int start, int end) {
    Node before = before(salt, prompt, start);
    Node node = before == null ? null : before.next.get(piece(prompt, start, end));
    if (node == null) {
      return Lookup.UNKNOWN;
    }
    if (!node.computed) {
      return Lookup.PENDING;
    }
    for (Node used = node; used != null; used = used.parent) {
      used.lastUsed = step;
    }
    return new Lookup(State.KEPT, node.block);
  }

  /**
   * Finds a block for a piece that is computed in this step.
   *
   * @return the block, or {@link StepPlan#NO_BLOCK} if none can be had
   */
  int reserve(String salt, int[] prompt, int start, int end) {
    Node before = before(salt, prompt, start);
    // What follows a piece that is not kept could never be found.
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
      // Not before a block is free: a root goes with the last piece after it.
      before = roots.computeIfAbsent(salt, key -> new Node(null, key, StepPlan.NO_BLOCK));
    }
    Node node = new Node(before, piece(prompt, start, end), free.remove());
    node.lastUsed = step;
    before.next.put((Piece) node.key, node);
    byBlock[node.block] = node;
    pending.add(node);
    return node.block;
  }

  /** The piece in a block has been computed. */
  public void commit(int block) {
    if (block != StepPlan.NO_BLOCK && byBlock[block] != null) {
      byBlock[block].computed = true;
    }
  }

  /** Ends a step: what was reserved in it and not committed is not there. */
  public void endStep() {
    pending.stream().filter(node -> !node.computed).forEach(this::remove);
    pending.clear();
  }

  /** Forgets every piece of a prompt and what follows them, for it may be broken. */
  public void forget(PrefixReuse reuse, int[] prompt) {
    Node root = roots.get(reuse.salt());
    int end = Math.min(blockLength, reuse.length());
    Node first = root == null ? null : root.next.get(piece(prompt, 0, end));
    if (first != null) {
      remove(first);
    }
  }

  /** Forgets everything. */
  public void clear() {
    roots.clear();
    pending.clear();
    free.clear();
    for (int block = 0; block < blocks; block++) {
      byBlock[block] = null;
      free.add(block);
    }
  }

  /** Counts a prompt that has been read. */
  public void count(int queried, int hit) {
    queriedTokens += queried;
    hitTokens += hit;
  }

  public PrefixCacheStatus status() {
    double usage = blocks == 0 ? 0 : (double) (blocks - free.size()) / blocks;
    return new PrefixCacheStatus(usage, queriedTokens, hitTokens);
  }

  /** The node after which the piece that starts at {@code start} would stand, or null. */
  private Node before(String salt, int[] prompt, int start) {
    Node node = roots.get(salt);
    for (int from = 0; node != null && from < start; from += blockLength) {
      node = node.next.get(piece(prompt, from, from + blockLength));
    }
    return node;
  }

  private static Piece piece(int[] prompt, int start, int end) {
    return new Piece(Arrays.copyOfRange(prompt, start, end));
  }

  /** Makes a block free; false if each is in use in this step or stands before one that is. */
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
