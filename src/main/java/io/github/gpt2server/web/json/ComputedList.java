package io.github.gpt2server.web.json;

import java.util.AbstractList;
import java.util.List;
import java.util.Objects;
import java.util.RandomAccess;
import java.util.function.IntFunction;

/**
 * A list whose items are computed each time that they are read. An answer made of such lists takes
 * the memory of the numbers that it is computed from while it is written, not that of all its
 * objects at once.
 *
 * @param <T> the items
 */
public final class ComputedList<T> extends AbstractList<T> implements RandomAccess {
  private final int size;
  private final IntFunction<T> item;

  private ComputedList(int size, IntFunction<T> item) {
    this.size = size;
    this.item = item;
  }

  /**
   * A list of computed items.
   *
   * @param item gives the item at an index, an equal one each time
   */
  public static <T> List<T> of(int size, IntFunction<T> item) {
    return new ComputedList<>(size, item);
  }

  @Override
  public T get(int index) {
    return item.apply(Objects.checkIndex(index, size));
  }

  @Override
  public int size() {
    return size;
  }
}
