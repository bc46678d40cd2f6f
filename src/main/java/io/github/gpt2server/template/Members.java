package io.github.gpt2server.template;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Attributes, items and slices of values. */
final class Members {

  private Members() {}

  /** {@code base.name}: an attribute, or else the item. */
  static Object attribute(Object base, String name) {
    Object attribute = attributeOnly(base, name);
    if (attribute != null) {
      return attribute;
    }
    Object item = base instanceof Map<?, ?> map ? map.get(name) : null;
    return item == null ? missing(base, name) : item;
  }

  /** {@code base[key]}: an item, or else the attribute. */
  static Object item(Object base, Object key, Meter meter) {
    if (base instanceof Map<?, ?> map) {
      meter.step();
      Object item = map.get(Values.key(key));
      if (item != null) {
        return item;
      }
    } else if (key instanceof Long index && base instanceof List<?> list) {
      long at = index < 0 ? index + list.size() : index;
      return at >= 0 && at < list.size()
          ? list.get((int) at)
          : new Undefined("list object has no element " + index);
    } else if (key instanceof Long index && base instanceof String text) {
      long length = Values.length(text, meter);
      long at = index < 0 ? index + length : index;
      return at >= 0 && at < length
          ? Character.toString(text.codePointAt(text.offsetByCodePoints(0, (int) at)))
          : new Undefined("str object has no element " + index);
    }
    Object attribute = key instanceof String name ? attributeOnly(base, name) : null;
    return attribute == null ? missing(base, Texts.of(key, meter)) : attribute;
  }

  private static Undefined missing(Object base, String name) {
    if (base instanceof Undefined undefined) {
      throw undefined.error();
    }
    return new Undefined(
        "'%s object' has no attribute '%s'".formatted(Values.typeName(base), name));
  }

  private static Object attributeOnly(Object base, String name) {
    if (base instanceof String text) {
      return StringMethods.find(text, name);
    }
    if (base instanceof Map<?, ?> map) {
      return method(map, name);
    }
    if (base instanceof Namespace namespace) {
      return namespace.variables().get(name);
    }
    if (base instanceof Loop loop) {
      return loop.attribute(name);
    }
    return base instanceof List<?> list ? method(list, name) : null;
  }

  private static Function method(Map<?, ?> map, String name) {
    return switch (name) {
      case "get" ->
          (scope, with) -> {
            Object value = map.get(Values.key(with.require(0, "key")));
            Object absent = with.get(1, "default", None.NONE);
            return value == null ? absent : value;
          };
      case "keys" -> (scope, with) -> Values.items(map, scope.meter());
      case "values" ->
          (scope, with) -> {
            scope.meter().makeItems(map.size());
            return new ArrayList<Object>(map.values());
          };
      case "items" -> (scope, with) -> entries(map, scope.meter());
      case "update", "pop", "popitem", "clear", "setdefault" -> change("dict." + name);
      default -> null;
    };
  }

  /** The entries of a map, each as a list of key and value. */
  static List<Object> entries(Map<?, ?> map, Meter meter) {
    meter.makeItems(3L * map.size());
    List<Object> entries = new ArrayList<>();
    map.forEach((key, value) -> entries.add(new ArrayList<Object>(List.of(key, value))));
    return entries;
  }

  private static Function method(List<?> list, String name) {
    return switch (name) {
      case "count" ->
          (scope, with) -> {
            Object wanted = with.require(0, "value");
            return list.stream().filter(item -> Values.equal(item, wanted, scope.meter())).count();
          };
      case "index" ->
          (scope, with) -> {
            Object wanted = with.require(0, "value");
            for (int i = 0; i < list.size(); i++) {
              if (Values.equal(list.get(i), wanted, scope.meter())) {
                return (long) i;
              }
            }
            throw new TemplateException("list.index: the value is not in the list");
          };
      case "append", "extend", "insert", "pop", "remove", "clear", "sort", "reverse" ->
          change("list." + name);
      default -> null;
    };
  }

  /** A method that Hugging Face's sandbox refuses too. */
  private static Function change(String name) {
    return (scope, with) -> {
      throw new TemplateException(
          "%s would change a value, which a chat template may not".formatted(name));
    };
  }

  /** {@code base[start:stop:step]}. */
  static Object slice(Object base, Object start, Object stop, Object step, Meter meter) {
    int[] points = base instanceof String text ? codePoints(text, meter) : null;
    List<?> list = points == null ? Values.items(base, meter) : null;
    int length = points == null ? list.size() : points.length;
    long by = step instanceof None ? 1 : Values.requireInteger(step, "a slice");
    if (by == 0) {
      throw new TemplateException("a slice has the step 0");
    }
    by = Math.max(-length - 1, Math.min(length + 1, by));
    long from = bound(start, by > 0 ? 0 : length - 1L, length, by);
    long to = bound(stop, by > 0 ? length : -1, length, by);
    meter.makeItems(length);
    List<Object> items = new ArrayList<>();
    StringBuilder text = new StringBuilder();
    for (long i = from; by > 0 ? i < to : i > to; i += by) {
      if (points == null) {
        items.add(list.get((int) i));
      } else {
        text.appendCodePoint(points[(int) i]);
      }
    }
    return points == null ? items : text.toString();
  }

  private static int[] codePoints(String text, Meter meter) {
    meter.make(2L * text.length());
    return text.codePoints().toArray();
  }

  private static long bound(Object given, long absent, long length, long by) {
    if (given instanceof None) {
      return absent;
    }
    long index = Values.requireInteger(given, "a slice");
    long at = index < 0 ? Math.max(index + length, by > 0 ? 0 : -1) : index;
    return Math.min(at, by > 0 ? length : length - 1);
  }
}
