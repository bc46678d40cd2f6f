package io.github.gpt2server.constraint.token;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The masks that were used last, of all constraints together, bounded in bytes. Thread-safe; two
 * threads may compute the same mask at once, which is harmless.
 */
public final class MaskCache {
  private final long maxBytes;
  private final Map<Key, TokenMask> masks = new LinkedHashMap<>(16, 0.75f, true);
  private long bytes;
  private long computed;

  /** By number, because a mask must not retain an automaton that nothing else does. */
  private record Key(long automaton, int state) {}

  /** Creates an empty cache. */
  public MaskCache(long maxBytes) {
    this.maxBytes = maxBytes;
  }

  /** The mask of a state. */
  TokenMask get(TokenAutomaton automaton, int state) {
    Key key = new Key(automaton.number(), state);
    synchronized (this) {
      TokenMask known = masks.get(key);
      if (known != null) {
        return known;
      }
    }
    TokenMask mask = automaton.compute(state);
    add(key, mask);
    return mask;
  }

  private synchronized void add(Key key, TokenMask mask) {
    computed++;
    if (masks.put(key, mask) == null) {
      bytes += mask.bytes();
    }
    Iterator<Map.Entry<Key, TokenMask>> oldest = masks.entrySet().iterator();
    while (bytes > maxBytes && masks.size() > 1) {
      bytes -= oldest.next().getValue().bytes();
      oldest.remove();
    }
  }

  /** Number of masks computed since the start. */
  public synchronized long computed() {
    return computed;
  }

  /** Approximate memory of the masks, in bytes. */
  public synchronized long bytes() {
    return bytes;
  }
}
