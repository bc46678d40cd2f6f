package io.github.gpt2server.template;

import java.util.List;

/** The variable {@code loop}. */
final class Loop {
  private final List<Object> items;
  private final long depth;
  private int index;
  private List<Object> last;

  /**
   * A loop before its first item.
   *
   * @param depth 1 for a loop in no other
   */
  Loop(List<Object> items, long depth) {
    this.items = items;
    this.depth = depth;
  }

  void at(int newIndex) {
    index = newIndex;
  }

  long depth() {
    return depth;
  }

  /** An attribute, or null if it has no such one. */
  Object attribute(String name) {
    return switch (name) {
      case "index" -> index + 1L;
      case "index0" -> (long) index;
      case "revindex" -> (long) items.size() - index;
      case "revindex0" -> items.size() - index - 1L;
      case "first" -> index == 0;
      case "last" -> index == items.size() - 1;
      case "length" -> (long) items.size();
      case "depth" -> depth;
      case "depth0" -> depth - 1;
      case "previtem" ->
          index == 0 ? new Undefined("there is no previous item") : items.get(index - 1);
      case "nextitem" ->
          index == items.size() - 1 ? new Undefined("there is no next item") : items.get(index + 1);
      case "cycle" -> (Function) (scope, with) -> cycle(with.rest(0));
      case "changed" -> (Function) (scope, with) -> changed(with.rest(0), scope.meter());
      default -> null;
    };
  }

  private Object cycle(List<Object> values) {
    if (values.isEmpty()) {
      throw new TemplateException("loop.cycle needs items");
    }
    return values.get(index % values.size());
  }

  private boolean changed(List<Object> values, Meter meter) {
    boolean changed = last == null || !Values.equal(last, values, meter);
    last = values;
    return changed;
  }
}
