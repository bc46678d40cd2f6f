package io.github.gpt2server.template;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/** Python's operations on values of every type: truth, equality, order, items. */
final class Values {

  private Values() {}

  static boolean isTrue(Object value) {
    if (value instanceof Boolean bool) {
      return bool;
    }
    if (value instanceof String text) {
      return !text.isEmpty();
    }
    if (value instanceof Number number) {
      return number.doubleValue() != 0;
    }
    if (value instanceof List<?> list) {
      return !list.isEmpty();
    }
    if (value instanceof Map<?, ?> map) {
      return !map.isEmpty();
    }
    return !(value instanceof None) && !(value instanceof Undefined);
  }

  static boolean isNumber(Object value) {
    return value instanceof Number || value instanceof Boolean;
  }

  /** A number, or a boolean as Python counts it. */
  static Number number(Object value, String where) {
    if (value instanceof Boolean bool) {
      return bool ? 1L : 0L;
    }
    if (value instanceof Number number) {
      return number;
    }
    throw wrongType(value, where, "a number");
  }

  static long requireInteger(Object value, String where) {
    if (number(value, where) instanceof Long integer) {
      return integer;
    }
    throw wrongType(value, where, "an integer");
  }

  static String requireText(Object value, String where) {
    if (value instanceof String text) {
      return text;
    }
    throw wrongType(value, where, "a string");
  }

  static TemplateException wrongType(Object value, String where, String expected) {
    return value instanceof Undefined undefined
        ? undefined.error()
        : new TemplateException(
            "%s needs %s, but gets %s".formatted(where, expected, typeName(value)));
  }

  /** The type as Python names it. */
  static String typeName(Object value) {
    if (value instanceof String) {
      return "str";
    }
    if (value instanceof Boolean) {
      return "bool";
    }
    if (value instanceof Long) {
      return "int";
    }
    if (value instanceof Double) {
      return "float";
    }
    if (value instanceof List) {
      return "list";
    }
    if (value instanceof Map) {
      return "dict";
    }
    if (value instanceof None) {
      return "NoneType";
    }
    return value instanceof Undefined ? "Undefined" : "object";
  }

  static boolean equal(Object a, Object b, Meter meter) {
    meter.step();
    if (isNumber(a) && isNumber(b)) {
      return compareNumbers(number(a, ""), number(b, "")) == 0;
    }
    if (a instanceof String x && b instanceof String y) {
      meter.read(Math.min(x.length(), y.length()));
      return x.equals(y);
    }
    if (a instanceof List<?> x && b instanceof List<?> y) {
      return x.size() == y.size() && equalItems(x, y, meter);
    }
    if (a instanceof Map<?, ?> x && b instanceof Map<?, ?> y) {
      meter.steps(x.size());
      return x.keySet().equals(y.keySet()) && equalEntries(x, y, meter);
    }
    return (a instanceof Undefined && b instanceof Undefined) || a == b;
  }

  private static boolean equalItems(List<?> a, List<?> b, Meter meter) {
    meter.enter();
    Iterator<?> others = b.iterator();
    boolean equal = true;
    for (Object item : a) {
      equal = equal && equal(item, others.next(), meter);
    }
    meter.leave();
    return equal;
  }

  private static boolean equalEntries(Map<?, ?> a, Map<?, ?> b, Meter meter) {
    meter.enter();
    boolean equal = true;
    for (Map.Entry<?, ?> entry : a.entrySet()) {
      equal = equal && equal(entry.getValue(), b.get(entry.getKey()), meter);
    }
    meter.leave();
    return equal;
  }

  /** A key of a dict: as in Python no list or dict, whose hash would take time. */
  static Object key(Object value) {
    if (value instanceof List || value instanceof Map) {
      throw new TemplateException("unhashable type: '%s'".formatted(typeName(value)));
    }
    return value;
  }

  /** The order of numbers, texts and lists. */
  static int compare(Object a, Object b, Meter meter) {
    meter.step();
    if (isNumber(a) && isNumber(b)) {
      return compareNumbers(number(a, ""), number(b, ""));
    }
    if (a instanceof String x && b instanceof String y) {
      meter.read(Math.min(x.length(), y.length()));
      return x.compareTo(y);
    }
    if (a instanceof List<?> x && b instanceof List<?> y) {
      return compareLists(x, y, meter);
    }
    if (a instanceof Undefined undefined) {
      throw undefined.error();
    }
    if (b instanceof Undefined undefined) {
      throw undefined.error();
    }
    throw new TemplateException("%s and %s cannot be compared".formatted(typeName(a), typeName(b)));
  }

  private static int compareLists(List<?> a, List<?> b, Meter meter) {
    meter.enter();
    int common = Math.min(a.size(), b.size());
    int order = 0;
    for (int i = 0; i < common && order == 0; i++) {
      order = compare(a.get(i), b.get(i), meter);
    }
    meter.leave();
    return order == 0 ? Integer.compare(a.size(), b.size()) : order;
  }

  private static int compareNumbers(Number a, Number b) {
    return a instanceof Long x && b instanceof Long y
        ? Long.compare(x, y)
        : Double.compare(a.doubleValue() + 0.0, b.doubleValue() + 0.0);
  }

  /** Python's {@code in}. */
  static boolean contains(Object container, Object item, Meter meter) {
    if (container instanceof String text) {
      String part = requireText(item, "in");
      meter.search(text, part);
      return text.contains(part);
    }
    if (container instanceof Map<?, ?> map) {
      meter.step();
      return map.containsKey(key(item));
    }
    for (Object each : items(container, meter)) {
      if (equal(each, item, meter)) {
        return true;
      }
    }
    return false;
  }

  /** The items that a loop goes through: of a list, a dict's keys, a text's characters. */
  static List<Object> items(Object value, Meter meter) {
    if (value instanceof List<?> list) {
      meter.step();
      return unchecked(list);
    }
    if (value instanceof Map<?, ?> map) {
      meter.makeItems(map.size());
      return new ArrayList<>(map.keySet());
    }
    if (value instanceof String text) {
      meter.makeItems(text.length());
      return new ArrayList<>(text.codePoints().mapToObj(Character::toString).toList());
    }
    if (value instanceof Undefined) {
      return List.of();
    }
    throw new TemplateException("'%s' object is not iterable".formatted(typeName(value)));
  }

  /** The number of items, or of a text's code points. */
  static long length(Object value, Meter meter) {
    if (value instanceof String text) {
      meter.read(text.length());
      return text.codePointCount(0, text.length());
    }
    if (value instanceof Map<?, ?> map) {
      return map.size();
    }
    return items(value, meter).size();
  }

  @SuppressWarnings("unchecked")
  private static List<Object> unchecked(List<?> list) {
    return (List<Object>) list;
  }
}
