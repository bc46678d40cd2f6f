package io.github.gpt2server.template;

import java.util.ArrayList;
import java.util.List;

/** Python's operators on two values. */
final class Arithmetic {

  private Arithmetic() {}

  static Object apply(String operator, Object a, Object b, Meter meter) {
    meter.step();
    try {
      return switch (operator) {
        case "+" -> add(a, b, meter);
        case "*" -> multiply(a, b, meter);
        default -> compute(operator, number(operator, a, b), number(operator, b, a));
      };
    } catch (ArithmeticException overflow) {
      throw new TemplateException("a number of '%s' has no value of 64 bits".formatted(operator));
    }
  }

  /** Python's {@code -value}. */
  static Object negate(Object value) {
    Number number = Values.number(value, "-");
    return number instanceof Long integer
        ? (Object) Math.negateExact(integer)
        : (Object) (-number.doubleValue());
  }

  private static Object add(Object a, Object b, Meter meter) {
    if (a instanceof String x && b instanceof String y) {
      meter.make((long) x.length() + y.length());
      return x.concat(y);
    }
    if (a instanceof List<?> x && b instanceof List<?> y) {
      meter.makeItems((long) x.size() + y.size());
      List<Object> both = new ArrayList<>(x);
      both.addAll(y);
      return both;
    }
    return compute("+", number("+", a, b), number("+", b, a));
  }

  private static Object multiply(Object a, Object b, Meter meter) {
    if (b instanceof String || b instanceof List) {
      return a instanceof Long ? multiply(b, a, meter) : compute("*", number("*", a, b), 0L);
    }
    if (a instanceof String text && b instanceof Long count) {
      meter.make(Math.multiplyExact(text.length(), Math.max(0, count)));
      return text.repeat(text.isEmpty() ? 0 : (int) Math.max(0, count));
    }
    if (a instanceof List<?> list && b instanceof Long count) {
      meter.makeItems(Math.multiplyExact(list.size(), Math.max(0, count)));
      List<Object> items = new ArrayList<>();
      for (long i = 0; i < count && !list.isEmpty(); i++) {
        items.addAll(list);
      }
      return items;
    }
    return compute("*", number("*", a, b), number("*", b, a));
  }

  private static Number number(String operator, Object value, Object other) {
    if (Values.isNumber(value)) {
      return Values.number(value, operator);
    }
    if (value instanceof Undefined undefined) {
      throw undefined.error();
    }
    throw new TemplateException(
        "'%s' cannot be applied to %s and %s"
            .formatted(operator, Values.typeName(value), Values.typeName(other)));
  }

  private static Object compute(String operator, Number a, Number b) {
    if ("/ // %".contains(operator) && b.doubleValue() == 0) {
      throw new TemplateException("division by zero");
    }
    return a instanceof Long x && b instanceof Long y
        ? integers(operator, x, y)
        : reals(operator, a.doubleValue(), b.doubleValue());
  }

  private static Object integers(String operator, long a, long b) {
    return switch (operator) {
      case "+" -> Math.addExact(a, b);
      case "-" -> Math.subtractExact(a, b);
      case "*" -> Math.multiplyExact(a, b);
      case "//" -> Math.floorDiv(a, b);
      case "%" -> Math.floorMod(a, b);
      case "**" -> b < 0 ? (Object) StrictMath.pow((double) a, (double) b) : (Object) power(a, b);
      default -> (double) a / b;
    };
  }

  private static long power(long base, long exponent) {
    if (exponent > Long.SIZE && (base > 1 || base < -1)) {
      throw new ArithmeticException("overflow");
    }
    long power = 1;
    long count = base >= -1 && base <= 1 ? exponent % 2 + (exponent > 0 ? 2 : 0) : exponent;
    for (long i = 0; i < count; i++) {
      power = Math.multiplyExact(power, base);
    }
    return power;
  }

  private static Object reals(String operator, double a, double b) {
    return switch (operator) {
      case "+" -> a + b;
      case "-" -> a - b;
      case "*" -> a * b;
      case "//" -> Math.floor(a / b);
      case "%" -> a - b * Math.floor(a / b);
      case "**" -> StrictMath.pow(a, b);
      default -> a / b;
    };
  }
}
