package io.github.gpt2server.constraint;

import io.github.gpt2server.constraint.automaton.AutomatonLimits;
import io.github.gpt2server.constraint.token.MaskCache;
import io.github.gpt2server.constraint.token.TokenAutomaton;
import io.github.gpt2server.constraint.token.TokenTree;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The constraints that were used last, compiled for one vocabulary. Compiling takes a processor for
 * up to a second, so that one thread at a time does it, never the engine's; the others wait, and
 * those with the same constraint find it compiled. Also remembered is why a constraint cannot be
 * used. Thread-safe.
 */
public final class CompiledConstraints {
  /** Bounds on the memory of automata and masks. */
  private static final long MAX_AUTOMATA_BYTES = 32L << 20;

  private static final long MAX_MASK_BYTES = 32L << 20;

  /** Bytes of a constraint that is remembered besides those of its automaton. */
  private static final long ENTRY_BYTES = 1000;

  private static final long CHECK_MILLIS = 100;

  /** Longest time for one constraint, for those whose many parts are each within the limits. */
  private static final long MAX_NANOS = TimeUnit.SECONDS.toNanos(3);

  private final TokenTree tree;
  private final AutomatonLimits limits;
  private final long maxBytes;
  private final MaskCache masks = new MaskCache(MAX_MASK_BYTES);
  private final ReentrantLock compiling = new ReentrantLock();
  private final Map<Constraint, Entry> entries = new LinkedHashMap<>(16, 0.75f, true);
  private long bytes;
  private int compiled;

  /** A compiled constraint, or why it cannot be used. */
  private record Entry(TokenAutomaton automaton, String problem, long bytes) {}

  /** Creates an empty cache for a vocabulary. */
  public CompiledConstraints(TokenTree tree) {
    this(tree, AutomatonLimits.DEFAULT, MAX_AUTOMATA_BYTES);
  }

  CompiledConstraints(TokenTree tree, AutomatonLimits limits, long maxBytes) {
    this.tree = tree;
    this.limits = limits;
    this.maxBytes = maxBytes;
  }

  /** The tokens of the vocabulary. */
  public TokenTree tree() {
    return tree;
  }

  /**
   * The automaton of a constraint, compiled now unless it was before.
   *
   * @param check called while it is compiled and while others are; what it throws ends the wait
   * @throws ConstraintException if the constraint cannot be used
   */
  public TokenAutomaton get(Constraint constraint, Runnable check) {
    Entry entry = known(constraint);
    if (entry == null) {
      lock(check);
      try {
        entry = known(constraint);
        if (entry == null) {
          entry = compile(constraint, check);
          if (entry.bytes() > 0) {
            add(constraint, entry);
          }
        }
      } finally {
        compiling.unlock();
      }
    }
    if (entry.problem() != null) {
      throw new ConstraintException(entry.problem());
    }
    return entry.automaton();
  }

  private void lock(Runnable check) {
    try {
      while (!compiling.tryLock(CHECK_MILLIS, TimeUnit.MILLISECONDS)) {
        check.run();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while other constraints are compiled", e);
    }
  }

  /** Compiles; an entry without bytes is not to be remembered. */
  private Entry compile(Constraint constraint, Runnable check) {
    long start = System.nanoTime();
    Runnable timed =
        () -> {
          check.run();
          if (System.nanoTime() - start > MAX_NANOS) {
            throw new ConstraintException(
                "it takes too long to compile; use a simpler one, or try again later");
          }
        };
    long size = ENTRY_BYTES + 2L * constraint.toString().length();
    try {
      TokenAutomaton automaton =
          new TokenAutomaton(ConstraintCompiler.compile(constraint, limits, timed), tree, masks);
      if (!automaton.writable()) {
        return new Entry(null, "this model's vocabulary lacks characters that it needs", size);
      }
      return new Entry(automaton, null, size + automaton.bytes());
    } catch (ConstraintException e) {
      boolean late = System.nanoTime() - start > MAX_NANOS;
      return new Entry(null, e.getMessage(), late ? 0 : size);
    }
  }

  private synchronized Entry known(Constraint constraint) {
    return entries.get(constraint);
  }

  private synchronized void add(Constraint constraint, Entry entry) {
    compiled++;
    entries.put(constraint, entry);
    bytes += entry.bytes();
    Iterator<Map.Entry<Constraint, Entry>> oldest = entries.entrySet().iterator();
    while (bytes > maxBytes && entries.size() > 1) {
      bytes -= oldest.next().getValue().bytes();
      oldest.remove();
    }
  }

  /** Number of constraints compiled since the start, unusable ones included. */
  synchronized int compiled() {
    return compiled;
  }

  /** Approximate memory of the automata, in bytes. */
  synchronized long bytes() {
    return bytes;
  }

  /** The masks of all constraints. */
  MaskCache masks() {
    return masks;
  }
}
