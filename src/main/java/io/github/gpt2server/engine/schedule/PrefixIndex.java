package io.github.gpt2server.engine.schedule;

import io.github.gpt2server.model.BlockCopy;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Index of the model's prefix cache: which texts have their beginnings in which blocks. A trie with
 * a root for every salt: a node is a block, which holds the keys and values of up to {@code
 * blockLength} tokens that follow the blocks on its path from the root; tokens are compared one by
 * one, not by a hash. Nothing follows a block that is not full. Evicts the least recently used leaf
 * first.
 */
final class PrefixIndex {

  private static final class Node {
    final String salt;
    final Node parent;
    final int block;
    final List<Node> next = new ArrayList<>();
    int[] tokens;
    long lastUsed;

    Node(String salt, Node parent, int block, int[] tokens) {
      this.salt = salt;
      this.parent = parent;
      this.block = block;
      this.tokens = tokens;
    }

    /**
     * The number of tokens of a text from {@code start} to {@code end} that this block begins with.
     */
    int common(int[] text, int start, int end) {
      int limit = Math.min(tokens.length, end - start);
      int mismatch = Arrays.mismatch(tokens, 0, limit, text, start, start + limit);
      return mismatch < 0 ? limit : mismatch;
    }

    /** The child that begins with most of these tokens; null if none begins with the first. */
    Node closest(int[] text, int start, int end) {
      Node best = null;
      int most = 0;
      for (Node child : next) {
        int common = child.common(text, start, end);
        if (common > most) {
          best = child;
          most = common;
        }
      }
      return best;
    }
  }

  private static final int NO_BLOCK = -1;

  private final int blockLength;
  private final Map<String, Node> roots = new HashMap<>();
  private final Node[] byBlock;
  private final Deque<Integer> free = new ArrayDeque<>();
  private long calls;

  /**
   * Creates an empty index.
   *
   * @param blocks number of blocks
   * @param blockLength largest number of tokens in a block
   */
  PrefixIndex(int blocks, int blockLength) {
    this.blockLength = blockLength;
    this.byBlock = new Node[blocks];
    clear();
  }

  /**
   * Finds the longest cached beginning of a text.
   *
   * @param limit number of its tokens to look for
   * @param slot the slot that is to receive it
   * @return what to copy, in order
   */
  List<BlockCopy> find(String salt, int[] text, int limit, int slot) {
    calls++;
    List<BlockCopy> copies = new ArrayList<>();
    Node node = roots.get(salt);
    int start = 0;
    while (node != null && start < limit) {
      node = node.closest(text, start, Math.min(limit, start + blockLength));
      if (node != null) {
        int common = node.common(text, start, limit);
        node.lastUsed = calls;
        copies.add(new BlockCopy(slot, start, common, node.block));
        start += common;
        node = common == blockLength ? node : null;
      }
    }
    return copies;
  }

  /**
   * Adds the beginning of a text, as far as there are blocks that are free or can be evicted.
   *
   * @param length number of its tokens to add
   * @param slot the slot that holds them
   * @return what to copy
   */
  List<BlockCopy> add(String salt, int[] text, int length, int slot) {
    calls++;
    List<BlockCopy> copies = new ArrayList<>();
    Node node = roots.get(salt);
    for (int start = 0; start < length; start += blockLength) {
      int end = Math.min(length, start + blockLength);
      Node child = node == null ? null : node.closest(text, start, end);
      int common = child == null ? 0 : child.common(text, start, end);
      if (common < end - start) {
        int[] tokens = Arrays.copyOfRange(text, start, end);
        if (child != null && common == child.tokens.length) {
          child.tokens = tokens;
        } else {
          child = child(salt, node, tokens);
        }
        if (child == null) {
          break;
        }
        copies.add(new BlockCopy(slot, start, end - start, child.block));
      }
      child.lastUsed = calls;
      node = child;
    }
    return copies;
  }

  /** A new node with a block, or null if none can be had. */
  private Node child(String salt, Node parent, int[] tokens) {
    if (free.isEmpty() && !evict()) {
      return null;
    }
    // The root only now, because it is removed along with its last block.
    Node after =
        parent != null && parent.block != NO_BLOCK
            ? parent
            : roots.computeIfAbsent(salt, key -> new Node(key, null, NO_BLOCK, new int[0]));
    Node child = new Node(salt, after, free.remove(), tokens);
    after.next.add(child);
    byBlock[child.block] = child;
    return child;
  }

  /** Removes the blocks that hold beginnings of a text, and all that follow them. */
  void remove(String salt, int[] text) {
    Node root = roots.get(salt);
    if (root != null) {
      int end = Math.min(blockLength, text.length);
      List.copyOf(root.next).stream()
          .filter(node -> node.common(text, 0, end) == Math.min(node.tokens.length, end))
          .forEach(this::remove);
    }
  }

  /** Removes everything. */
  void clear() {
    roots.clear();
    free.clear();
    for (int block = 0; block < byBlock.length; block++) {
      byBlock[block] = null;
      free.add(block);
    }
  }

  /** The share of the blocks in use, 0 to 1. */
  double usage() {
    return byBlock.length == 0 ? 0 : (double) (byBlock.length - free.size()) / byBlock.length;
  }

  /** Frees the least recently used leaf; false if all leaves belong to the text that is added. */
  private boolean evict() {
    Node oldest = null;
    for (Node node : byBlock) {
      if (node != null
          && node.next.isEmpty()
          && node.lastUsed < calls
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
    List.copyOf(node.next).forEach(this::remove);
    byBlock[node.block] = null;
    free.add(node.block);
    node.parent.next.remove(node);
    if (node.parent.block == NO_BLOCK && node.parent.next.isEmpty()) {
      roots.remove(node.salt);
    }
  }
}
