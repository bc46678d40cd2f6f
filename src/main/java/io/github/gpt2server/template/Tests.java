package io.github.gpt2server.template;

import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Predicate;

/** Jinja2's tests: what stands after {@code is}. */
final class Tests {
  static final Map<String, Test> NAMES = tests();

  private Tests() {}

  /** A test of a value. */
  @FunctionalInterface
  interface Test {
    boolean test(Scope scope, Object value, Arguments with);
  }

  private static Map<String, Test> tests() {
    Map<String, Test> tests = new HashMap<>();
    tests.put("defined", of(value -> !(value instanceof Undefined)));
    tests.put("undefined", of(value -> value instanceof Undefined));
    tests.put("none", of(value -> value instanceof None));
    tests.put("string", of(value -> value instanceof String));
    tests.put("boolean", of(value -> value instanceof Boolean));
    tests.put("true", of(value -> value.equals(true)));
    tests.put("false", of(value -> value.equals(false)));
    tests.put("integer", of(value -> value instanceof Long));
    tests.put("float", of(value -> value instanceof Double));
    tests.put("number", of(Values::isNumber));
    tests.put("mapping", of(value -> value instanceof Map));
    tests.put("sequence", of(Tests::isIterable));
    tests.put("iterable", of(value -> isIterable(value) || value instanceof Undefined));
    tests.put("callable", of(value -> value instanceof Function));
    tests.put("sameas", (scope, value, with) -> value == with.require(0, "other"));
    tests.put("odd", (scope, value, with) -> Math.floorMod(integer(value), 2L) == 1);
    tests.put("even", (scope, value, with) -> Math.floorMod(integer(value), 2L) == 0);
    tests.put("divisibleby", Tests::isDivisible);
    tests.put("lower", (scope, value, with) -> isCased(scope, value, false));
    tests.put("upper", (scope, value, with) -> isCased(scope, value, true));
    for (String[] names :
        List.of(
            new String[] {"==", "eq", "equalto"},
            new String[] {"!=", "ne"},
            new String[] {"<", "lt", "lessthan"},
            new String[] {"<=", "le"},
            new String[] {">", "gt", "greaterthan"},
            new String[] {">=", "ge"},
            new String[] {"in"})) {
      for (String name : names) {
        tests.put(
            name,
            (scope, value, with) ->
                Expression.Comparison.holds(
                    names[0], value, with.require(0, "other"), scope.meter()));
      }
    }
    return tests;
  }

  private static Test of(Predicate<Object> test) {
    return (scope, value, with) -> test.test(value);
  }

  private static boolean isIterable(Object value) {
    return value instanceof List || value instanceof Map || value instanceof String;
  }

  private static long integer(Object value) {
    return Values.requireInteger(value, "is");
  }

  private static boolean isDivisible(Scope scope, Object value, Arguments with) {
    long divisor = with.integer(0, "num", 0);
    if (divisor == 0) {
      throw new TemplateException("division by zero");
    }
    return integer(value) % divisor == 0;
  }

  private static boolean isCased(Scope scope, Object value, boolean upper) {
    String text = Texts.of(value, scope.meter());
    scope.meter().read(text.length());
    return StringMethods.cased(
        text, upper ? text.toUpperCase(Locale.ROOT) : text.toLowerCase(Locale.ROOT));
  }
}
