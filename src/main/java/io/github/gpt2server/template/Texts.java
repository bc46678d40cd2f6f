package io.github.gpt2server.template;

import java.math.BigDecimal;
import java.util.List;
import java.util.Map;

/** Values as text: Python's {@code str} and {@code repr}. */
final class Texts {
  private final StringBuilder text = new StringBuilder();
  private final Meter meter;

  private Texts(Meter meter) {
    this.meter = meter;
  }

  /** The text that {@code {{ value }}} writes. */
  static String of(Object value, Meter meter) {
    if (value instanceof String string) {
      return string;
    }
    if (value instanceof Undefined) {
      return "";
    }
    Texts texts = new Texts(meter);
    texts.represent(value);
    return texts.text.toString();
  }

  private void represent(Object value) {
    meter.step();
    if (value instanceof String string) {
      quote(string);
    } else if (value instanceof List<?> list) {
      meter.enter();
      append("[");
      for (int i = 0; i < list.size(); i++) {
        append(i == 0 ? "" : ", ");
        represent(list.get(i));
      }
      append("]");
      meter.leave();
    } else if (value instanceof Map<?, ?> map) {
      meter.enter();
      append("{");
      String separator = "";
      for (Map.Entry<?, ?> entry : map.entrySet()) {
        append(separator);
        represent(entry.getKey());
        append(": ");
        represent(entry.getValue());
        separator = ", ";
      }
      append("}");
      meter.leave();
    } else {
      append(scalar(value));
    }
  }

  private static String scalar(Object value) {
    if (value instanceof Boolean bool) {
      return bool ? "True" : "False";
    }
    if (value instanceof None) {
      return "None";
    }
    if (value instanceof Double number) {
      return real(number);
    }
    return value instanceof Long ? value.toString() : "<" + Values.typeName(value) + ">";
  }

  /** The shortest digits that give the number back, in Python's notation. */
  static String real(double value) {
    if (Double.isNaN(value)) {
      return "nan";
    }
    if (Double.isInfinite(value)) {
      return value > 0 ? "inf" : "-inf";
    }
    if (value == 0) {
      return Double.toString(value);
    }
    BigDecimal decimal = new BigDecimal(Double.toString(value)).stripTrailingZeros();
    int exponent = decimal.precision() - decimal.scale() - 1;
    if (exponent >= -4 && exponent < 16) {
      String plain = decimal.toPlainString();
      return plain.contains(".") ? plain : plain + ".0";
    }
    String digits = decimal.unscaledValue().abs().toString();
    return (value < 0 ? "-" : "")
        + digits.charAt(0)
        + (digits.length() > 1 ? "." + digits.substring(1) : "")
        + (exponent < 0 ? "e-" : "e+")
        + (Math.abs(exponent) < 10 ? "0" : "")
        + Math.abs(exponent);
  }

  private void quote(String string) {
    meter.read(string.length());
    char mark = string.contains("'") && !string.contains("\"") ? '"' : '\'';
    StringBuilder quoted = new StringBuilder().append(mark);
    for (int i = 0; i < string.length(); i++) {
      char c = string.charAt(i);
      switch (c) {
        case '\\' -> quoted.append("\\\\");
        case '\n' -> quoted.append("\\n");
        case '\r' -> quoted.append("\\r");
        case '\t' -> quoted.append("\\t");
        default -> {
          if (c == mark) {
            quoted.append('\\').append(c);
          } else if (c < ' ' || (c >= 0x7f && c < 0xa0)) {
            quoted.append("\\x%02x".formatted((int) c));
          } else {
            quoted.append(c);
          }
        }
      }
    }
    append(quoted.append(mark).toString());
  }

  private void append(String more) {
    meter.make(more.length());
    text.append(more);
  }
}
