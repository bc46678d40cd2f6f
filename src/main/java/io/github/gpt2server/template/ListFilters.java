package io.github.gpt2server.template;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Jinja2's filters of lists. */
final class ListFilters {
  static final Map<String, Filters.Filter> NAMES = filters();

  private ListFilters() {}

  private static Map<String, Filters.Filter> filters() {
    Map<String, Filters.Filter> filters = new HashMap<>();
    filters.put("list", (scope, value, with) -> copy(value, scope.meter()));
    filters.put("first", (scope, value, with) -> at(value, true, scope.meter()));
    filters.put("last", (scope, value, with) -> at(value, false, scope.meter()));
    filters.put("join", ListFilters::join);
    filters.put("reverse", ListFilters::reverse);
    filters.put("sort", ListFilters::sort);
    filters.put("unique", ListFilters::unique);
    filters.put("min", (scope, value, with) -> extreme(value, scope, with, -1));
    filters.put("max", (scope, value, with) -> extreme(value, scope, with, 1));
    filters.put("sum", ListFilters::sum);
    filters.put("map", ListFilters::map);
    filters.put("select", (scope, value, with) -> select(scope, value, with, false, true));
    filters.put("reject", (scope, value, with) -> select(scope, value, with, false, false));
    filters.put("selectattr", (scope, value, with) -> select(scope, value, with, true, true));
    filters.put("rejectattr", (scope, value, with) -> select(scope, value, with, true, false));
    filters.put("items", ListFilters::items);
    filters.put("dictsort", ListFilters::sortedEntries);
    return filters;
  }

  private static List<Object> copy(Object value, Meter meter) {
    List<Object> items = Values.items(value, meter);
    meter.makeItems(items.size());
    return new ArrayList<>(items);
  }

  private static Object at(Object value, boolean first, Meter meter) {
    List<Object> items = Values.items(value, meter);
    if (items.isEmpty()) {
      return new Undefined("the list is empty");
    }
    return items.get(first ? 0 : items.size() - 1);
  }

  private static Object join(Scope scope, Object value, Arguments with) {
    String separator = Texts.of(with.get(0, "d", ""), scope.meter());
    Object attribute = with.get(1, "attribute", None.NONE);
    List<Object> items = Values.items(value, scope.meter());
    return Filters.join(
        attribute instanceof None ? items : attributes(items, attribute, scope.meter()),
        separator,
        scope.meter());
  }

  private static Object reverse(Scope scope, Object value, Arguments with) {
    if (value instanceof String text) {
      scope.meter().make(text.length());
      return new StringBuilder(text).reverse().toString();
    }
    return Filters.reversed(copy(value, scope.meter()));
  }

  private static Object sort(Scope scope, Object value, Arguments with) {
    boolean reverse = Values.isTrue(with.get(0, "reverse", false));
    boolean exact = Values.isTrue(with.get(1, "case_sensitive", false));
    Object attribute = with.get(2, "attribute", None.NONE);
    Meter meter = scope.meter();
    List<Object> sorted = copy(value, meter);
    sorted.sort(
        (a, b) -> {
          int order =
              Values.compare(
                  key(a, attribute, exact, meter), key(b, attribute, exact, meter), meter);
          return reverse ? -order : order;
        });
    return sorted;
  }

  /** What a value is compared by: its attribute if one is named, in lower case unless exact. */
  private static Object key(Object value, Object attribute, boolean exact, Meter meter) {
    Object key = attribute instanceof None ? value : attribute(value, attribute, meter);
    if (exact || !(key instanceof String text)) {
      return key;
    }
    meter.make(text.length());
    return text.toLowerCase(Locale.ROOT);
  }

  private static Object unique(Scope scope, Object value, Arguments with) {
    boolean exact = Values.isTrue(with.get(0, "case_sensitive", false));
    Object attribute = with.get(1, "attribute", None.NONE);
    Meter meter = scope.meter();
    List<Object> keys = new ArrayList<>();
    List<Object> unique = new ArrayList<>();
    for (Object item : copy(value, meter)) {
      Object key = key(item, attribute, exact, meter);
      if (!Values.contains(keys, key, meter)) {
        keys.add(key);
        unique.add(item);
      }
    }
    return unique;
  }

  private static Object extreme(Object value, Scope scope, Arguments with, int sign) {
    boolean exact = Values.isTrue(with.get(0, "case_sensitive", false));
    Object attribute = with.get(1, "attribute", None.NONE);
    Meter meter = scope.meter();
    Object best = new Undefined("the list is empty");
    for (Object item : Values.items(value, meter)) {
      boolean better =
          best instanceof Undefined
              || sign
                      * Values.compare(
                          key(item, attribute, exact, meter),
                          key(best, attribute, exact, meter),
                          meter)
                  > 0;
      best = better ? item : best;
    }
    return best;
  }

  private static Object sum(Scope scope, Object value, Arguments with) {
    Object attribute = with.get(0, "attribute", None.NONE);
    Object sum = with.get(1, "start", 0L);
    for (Object item : Values.items(value, scope.meter())) {
      Object number = attribute instanceof None ? item : attribute(item, attribute, scope.meter());
      sum = Arithmetic.apply("+", sum, number, scope.meter());
    }
    return sum;
  }

  private static Object map(Scope scope, Object value, Arguments with) {
    List<Object> items = Values.items(value, scope.meter());
    Object attribute = with.find(Integer.MAX_VALUE - 1, "attribute");
    if (attribute != null) {
      Object absent = with.find(Integer.MAX_VALUE - 1, "default");
      List<Object> attributes = attributes(items, attribute, scope.meter());
      attributes.replaceAll(each -> each instanceof Undefined && absent != null ? absent : each);
      return attributes;
    }
    String name = with.text(0, "filter");
    Filters.Filter filter = Filters.NAMES.get(name);
    if (filter == null) {
      throw new TemplateException("there is no filter '" + name + "'");
    }
    List<Object> rest = with.rest(1);
    Map<String, Object> named = with.otherNames();
    scope.meter().makeItems(items.size());
    List<Object> mapped = new ArrayList<>();
    for (Object item : items) {
      Arguments arguments = new Arguments(name, rest, named);
      scope.meter().step();
      mapped.add(filter.apply(scope, item, arguments));
      arguments.end();
    }
    return mapped;
  }

  private static Object select(
      Scope scope, Object value, Arguments with, boolean byAttribute, boolean wanted) {
    Meter meter = scope.meter();
    int first = byAttribute ? 1 : 0;
    Object attribute = byAttribute ? with.require(0, "attribute") : None.NONE;
    Object name = with.find(first, "test");
    Tests.Test test = name == null ? null : Tests.NAMES.get(Values.requireText(name, "select"));
    if (name != null && test == null) {
      throw new TemplateException("there is no test '" + name + "'");
    }
    List<Object> rest = with.rest(first + 1);
    List<Object> items = Values.items(value, meter);
    meter.makeItems(items.size());
    List<Object> selected = new ArrayList<>();
    for (Object item : items) {
      meter.step();
      Object tested = byAttribute ? attribute(item, attribute, meter) : item;
      boolean holds =
          test == null
              ? Values.isTrue(tested)
              : test.test(scope, tested, new Arguments(String.valueOf(name), rest, Map.of()));
      if (holds == wanted) {
        selected.add(item);
      }
    }
    return selected;
  }

  private static List<Object> attributes(List<Object> items, Object attribute, Meter meter) {
    meter.makeItems(items.size());
    List<Object> attributes = new ArrayList<>();
    items.forEach(item -> attributes.add(attribute(item, attribute, meter)));
    return attributes;
  }

  /** The attribute at a path such as {@code function.name}. */
  private static Object attribute(Object item, Object path, Meter meter) {
    if (path instanceof Long) {
      return Members.item(item, path, meter);
    }
    Object value = item;
    for (Object name : PyStrings.split(Values.requireText(path, "attribute"), ".", -1, false)) {
      meter.step();
      value = Members.item(value, name, meter);
    }
    return value;
  }

  private static Object items(Scope scope, Object value, Arguments with) {
    if (value instanceof Undefined) {
      return new ArrayList<>();
    }
    if (value instanceof Map<?, ?> map) {
      return Members.entries(map, scope.meter());
    }
    throw new TemplateException("items needs a dict, but gets " + Values.typeName(value));
  }

  private static Object sortedEntries(Scope scope, Object value, Arguments with) {
    boolean exact = Values.isTrue(with.get(0, "case_sensitive", false));
    long by = Values.requireText(with.get(1, "by", "key"), "dictsort").equals("key") ? 0 : 1;
    boolean reverse = Values.isTrue(with.get(2, "reverse", false));
    Meter meter = scope.meter();
    List<Object> entries = new ArrayList<>((List<?>) items(scope, value, with));
    entries.sort(
        (a, b) -> {
          int order = Values.compare(key(a, by, exact, meter), key(b, by, exact, meter), meter);
          return reverse ? -order : order;
        });
    return entries;
  }
}
