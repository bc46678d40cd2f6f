package io.github.gpt2server.engine.schedule;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.ToIntFunction;

/**
 * Queue for places, such as jobs that wait for slots. The next place goes to the client that has
 * the fewest, so that a hundred requests of one client do not delay the single request of another;
 * among a client's own, and among clients with equally many places, to the element that has waited
 * longest.
 *
 * @param <T> type of the elements
 */
public final class FairQueue<T> {
  private final Function<T, String> client;
  private final Deque<T> waiting = new ArrayDeque<>();

  /**
   * Creates an empty queue.
   *
   * @param client returns the client that an element belongs to
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

  /** A copy of the elements in order of arrival. */
  public List<T> all() {
    return new ArrayList<>(waiting);
  }

  /** Adds an element at the end. */
  public void add(T last) {
    waiting.add(last);
  }

  /** Removes an element; returns false if it is not in the queue. */
  public boolean remove(T one) {
    return waiting.remove(one);
  }

  /**
   * Removes and returns the next element.
   *
   * @param places returns the number of places that a client has
   * @param mayTake whether an element may have a place now
   * @return null if there is none
   */
  public T take(ToIntFunction<String> places, Predicate<T> mayTake) {
    T next = next(places, mayTake);
    if (next != null) {
      waiting.remove(next);
    }
    return next;
  }

  /** The element that {@link #take} would remove. */
  T next(ToIntFunction<String> places, Predicate<T> mayTake) {
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
    return next;
  }
}
