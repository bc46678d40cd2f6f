package io.github.gpt2server.template;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The filter {@code tojson}: Python's {@code json.dumps}. */
final class Json {
  private final StringBuilder text = new StringBuilder();
  private final Meter meter;
  private final String indent;
  private final String itemSeparator;
  private final String keySeparator;
  private final boolean ascii;
  private final boolean sorted;
  private int level;

  /**
   * Prepares to write one value.
   *
   * @param indent the indentation of a level, or null for everything on one line
   */
  private Json(
      Meter meter,
      String indent,
      String itemSeparator,
      String keySeparator,
      boolean ascii,
      boolean sorted) {
    this.meter = meter;
    this.indent = indent;
    this.itemSeparator = itemSeparator;
    this.keySeparator = keySeparator;
    this.ascii = ascii;
    this.sorted = sorted;
  }

  static Object filter(Scope scope, Object value, Arguments arguments) {
    boolean ascii = Values.isTrue(arguments.get(0, "ensure_ascii", false));
    String indent = indent(arguments.get(1, "indent", None.NONE), scope.meter());
    Object separators = arguments.get(2, "separators", None.NONE);
    boolean sorted = Values.isTrue(arguments.get(3, "sort_keys", false));
    String item = indent == null ? ", " : ",";
    String key = ": ";
    if (separators instanceof List<?> pair && pair.size() == 2) {
      item = Values.requireText(pair.get(0), "tojson");
      key = Values.requireText(pair.get(1), "tojson");
    }
    Json json = new Json(scope.meter(), indent, item, key, ascii, sorted);
    json.write(value);
    return json.text.toString();
  }

  private static String indent(Object value, Meter meter) {
    if (value instanceof None) {
      return null;
    }
    if (value instanceof String text) {
      return text;
    }
    long width = Math.max(0, Values.requireInteger(value, "tojson"));
    meter.make(width);
    return " ".repeat(Math.toIntExact(width));
  }

  private void write(Object value) {
    meter.step();
    if (value instanceof String string) {
      quote(string);
    } else if (value instanceof List<?> list) {
      list('[', ']', list, this::write);
    } else if (value instanceof Map<?, ?> map) {
      List<Map.Entry<?, ?>> entries = new ArrayList<>(map.entrySet());
      if (sorted) {
        entries.sort((a, b) -> Values.compare(a.getKey(), b.getKey(), meter));
      }
      list('{', '}', entries, this::entry);
    } else if (value instanceof Boolean bool) {
      append(bool ? "true" : "false");
    } else if (value instanceof None) {
      append("null");
    } else if (value instanceof Number) {
      append(Texts.of(value, meter));
    } else if (value instanceof Undefined undefined) {
      throw undefined.error();
    } else {
      throw new TemplateException("a function or namespace cannot be written as JSON");
    }
  }

  private void entry(Map.Entry<?, ?> entry) {
    quote(entry.getKey() instanceof String key ? key : Texts.of(entry.getKey(), meter));
    append(keySeparator);
    write(entry.getValue());
  }

  private <T> void list(
      char begin, char end, List<? extends T> items, java.util.function.Consumer<T> each) {
    meter.enter();
    append(String.valueOf(begin));
    level++;
    for (int i = 0; i < items.size(); i++) {
      append(i == 0 ? "" : itemSeparator);
      line();
      each.accept(items.get(i));
    }
    level--;
    if (!items.isEmpty()) {
      line();
    }
    append(String.valueOf(end));
    meter.leave();
  }

  private void line() {
    if (indent != null) {
      meter.make((long) level * indent.length() + 1);
      text.append('\n').append(indent.repeat(level));
    }
  }

  private void quote(String string) {
    meter.read(string.length());
    StringBuilder quoted = new StringBuilder().append('"');
    for (int i = 0; i < string.length(); i++) {
      char c = string.charAt(i);
      switch (c) {
        case '"' -> quoted.append("\\\"");
        case '\\' -> quoted.append("\\\\");
        case '\n' -> quoted.append("\\n");
        case '\r' -> quoted.append("\\r");
        case '\t' -> quoted.append("\\t");
        case '\b' -> quoted.append("\\b");
        case '\f' -> quoted.append("\\f");
        default -> {
          if (c < ' ' || (ascii && c > '~')) {
            quoted.append("\\u%04x".formatted((int) c));
          } else {
            quoted.append(c);
          }
        }
      }
    }
    append(quoted.append('"').toString());
  }

  private void append(String more) {
    meter.make(more.length());
    text.append(more);
  }
}
