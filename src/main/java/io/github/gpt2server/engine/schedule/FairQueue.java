package io.github.gpt2server.engine.schedule;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.ToIntFunction;

/**
 * What waits for a place, such as jobs for slots. A place goes to the client who has the fewest, so
 * that one with a hundred requests does not keep out one with a single request; among a client's
 * own, and where clients have as many as each other, to what waits longest.
 *
 * @param <T> what waits
 */
public final class FairQueue<T> {
  private final Function<T, String> client;
  private final Deque<T> waiting = new ArrayDeque<>();

  /**
   * Makes an empty queue.
   *
   * @param client whose something is
   */
  public FairQueue(Function<T, String> client) {
    this.client = client;
  }

  public boolean isEmpty() {
    return waiting.isEmpty();
  }

  public int size() {
    return waiting.size();
  }

  /** A copy, in the order of arrival. */
  public List<T> all() {
    return new ArrayList<>(waiting);
  }

  /** Adds one behind those that wait. */
  public void add(T last) {
    waiting.add(last);
  }

  /** Removes one; false if it does not wait. */
  public boolean remove(T one) {
    return waiting.remove(one);
  }

  /**
   * Takes the next one out.
   *
   * @param places the number of places that a client has
   * @param mayTake whether one may have a place now
   * @return null if none may
   */
  public T take(ToIntFunction<String> places, Predicate<T> mayTake) {
    T next = null;
    int fewest = Integer.MAX_VALUE;
    for (T one : waiting) {
      int count = places.applyAsInt(client.apply(one));
      if (count < fewest && mayTake.test(one)) {
        next = one;
        fewest = count;
      }
      if (fewest == 0) {
        break;
      }
    }
    if (next != null) {
      waiting.remove(next);
    }
    return next;
  }
}
