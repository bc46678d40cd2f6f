package io.github.gpt2server.template;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Jinja2's filters of single values; those of lists are {@link ListFilters}. */
final class Filters {
  static final Map<String, Filter> NAMES = filters();

  /** Digits that a number of 64 bits can have. */
  private static final int MAX_DIGITS = 40;

  /** Steps for which the rounding of a number counts. */
  private static final int ROUNDING_STEPS = 50;

  private Filters() {}

  /** A change of a value. */
  @FunctionalInterface
  interface Filter {
    Object apply(Scope scope, Object value, Arguments with);
  }

  @FunctionalInterface
  private interface Change {
    String apply(String text);
  }

  private static Map<String, Filter> filters() {
    Map<String, Filter> filters = new HashMap<>(ListFilters.NAMES);
    filters.put("tojson", Json::filter);
    filters.put("trim", Filters::trim);
    filters.put("upper", change(text -> text.toUpperCase(Locale.ROOT)));
    filters.put("lower", change(text -> text.toLowerCase(Locale.ROOT)));
    filters.put("title", change(PyStrings::title));
    filters.put("capitalize", change(PyStrings::capitalize));
    filters.put("string", change(text -> text));
    filters.put("safe", change(text -> text));
    filters.put("escape", Filters::escape);
    filters.put("e", Filters::escape);
    filters.put("replace", Filters::replace);
    filters.put("indent", Filters::indent);
    filters.put("default", Filters::orDefault);
    filters.put("d", Filters::orDefault);
    filters.put("length", (scope, value, with) -> Values.length(value, scope.meter()));
    filters.put("count", (scope, value, with) -> Values.length(value, scope.meter()));
    filters.put("wordcount", Filters::words);
    filters.put("int", Filters::integer);
    filters.put("float", Filters::real);
    filters.put("abs", Filters::absolute);
    filters.put("round", Filters::round);
    return filters;
  }

  private static Filter change(Change change) {
    return (scope, value, with) -> {
      String text = Texts.of(value, scope.meter());
      scope.meter().make(text.length());
      return change.apply(text);
    };
  }

  private static Object trim(Scope scope, Object value, Arguments with) {
    String text = Texts.of(value, scope.meter());
    scope.meter().make(text.length());
    return StringMethods.strip(text, with.get(0, "chars", None.NONE), true, true);
  }

  private static Object escape(Scope scope, Object value, Arguments with) {
    String text = Texts.of(value, scope.meter());
    String[][] entities = {
      {"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"'", "&#39;"}, {"\"", "&#34;"}
    };
    for (String[] entity : entities) {
      text = PyStrings.replace(text, entity[0], entity[1], -1, scope.meter());
    }
    return text;
  }

  private static Object replace(Scope scope, Object value, Arguments with) {
    Meter meter = scope.meter();
    return PyStrings.replace(
        Texts.of(value, meter),
        Texts.of(with.require(0, "old"), meter),
        Texts.of(with.require(1, "new"), meter),
        with.get(2, "count", None.NONE) instanceof Long count ? count : -1,
        meter);
  }

  private static Object indent(Scope scope, Object value, Arguments with) {
    Meter meter = scope.meter();
    String text = Texts.of(value, meter);
    Object width = with.get(0, "width", 4L);
    boolean first = Values.isTrue(with.get(1, "first", false));
    boolean blank = Values.isTrue(with.get(2, "blank", false));
    String indentation = width instanceof String given ? given : spaces(width, meter);
    meter.makeItems(text.length());
    List<Object> lines = PyStrings.lines(text + "\n", false);
    StringBuilder indented = new StringBuilder();
    for (int i = 0; i < lines.size(); i++) {
      String line = (String) lines.get(i);
      boolean indents = i == 0 ? first : blank || !line.isEmpty();
      meter.make(1L + line.length() + (indents ? indentation.length() : 0));
      indented.append(i == 0 ? "" : "\n").append(indents ? indentation : "").append(line);
    }
    return indented.toString();
  }

  private static String spaces(Object width, Meter meter) {
    long count = Math.max(0, Values.requireInteger(width, "indent"));
    meter.make(count);
    return " ".repeat(Math.toIntExact(count));
  }

  private static Object orDefault(Scope scope, Object value, Arguments with) {
    Object other = with.get(0, "default_value", "");
    boolean alsoFalse = Values.isTrue(with.get(1, "boolean", false));
    return value instanceof Undefined || (alsoFalse && !Values.isTrue(value)) ? other : value;
  }

  private static Object words(Scope scope, Object value, Arguments with) {
    String text = Texts.of(value, scope.meter());
    scope.meter().makeItems(text.length());
    return (long) PyStrings.words(text, -1).size();
  }

  private static Object integer(Scope scope, Object value, Arguments with) {
    Object absent = with.get(0, "default", 0L);
    if (value instanceof Boolean || value instanceof Long) {
      return Values.number(value, "int");
    }
    double number = parsed(value);
    return Double.isFinite(number) ? (Object) (long) number : absent;
  }

  private static Object real(Scope scope, Object value, Arguments with) {
    Object absent = with.get(0, "default", 0.0);
    double number = parsed(value);
    return Double.isNaN(number) ? absent : (Object) number;
  }

  /** The number of a value or of its text; NaN if there is none. */
  private static double parsed(Object value) {
    if (Values.isNumber(value)) {
      return Values.number(value, "float").doubleValue();
    }
    if (!(value instanceof String text) || text.length() > MAX_DIGITS) {
      return Double.NaN;
    }
    try {
      return Double.parseDouble(text.strip());
    } catch (NumberFormatException noNumber) {
      return Double.NaN;
    }
  }

  private static Object absolute(Scope scope, Object value, Arguments with) {
    Number number = Values.number(value, "abs");
    return number instanceof Long integer
        ? (Object) Math.abs(integer)
        : (Object) Math.abs(number.doubleValue());
  }

  private static Object round(Scope scope, Object value, Arguments with) {
    double number = Values.number(value, "round").doubleValue();
    long digits = with.integer(0, "precision", 0);
    String method = Values.requireText(with.get(1, "method", "common"), "round");
    scope.meter().steps(ROUNDING_STEPS);
    if (Math.abs(digits) > MAX_DIGITS || !Double.isFinite(number)) {
      return number;
    }
    RoundingMode mode =
        switch (method) {
          case "ceil" -> RoundingMode.CEILING;
          case "floor" -> RoundingMode.FLOOR;
          default -> RoundingMode.HALF_EVEN;
        };
    return new BigDecimal(number).setScale((int) digits, mode).doubleValue();
  }

  /** The texts of values, with a separator between them. */
  static String join(List<Object> items, String separator, Meter meter) {
    StringBuilder joined = new StringBuilder();
    for (int i = 0; i < items.size(); i++) {
      String text = Texts.of(items.get(i), meter);
      meter.make((long) text.length() + separator.length());
      joined.append(i == 0 ? "" : separator).append(text);
    }
    return joined.toString();
  }

  /** The list in the opposite order. */
  static List<Object> reversed(List<Object> items) {
    List<Object> reversed = new ArrayList<>(items);
    Collections.reverse(reversed);
    return reversed;
  }
}
