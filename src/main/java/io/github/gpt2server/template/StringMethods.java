package io.github.gpt2server.template;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.IntPredicate;

/** The methods of Python's strings that chat templates call. */
final class StringMethods {
  private static final Map<String, Method> METHODS = methods();

  private StringMethods() {}

  @FunctionalInterface
  private interface Method {
    Object call(Meter meter, String self, Arguments arguments);
  }

  @FunctionalInterface
  private interface Change {
    String apply(String text);
  }

  /** A method of a string, or null if it is not one of these. */
  static Function find(String self, String name) {
    Method method = METHODS.get(name);
    return method == null
        ? null
        : (scope, arguments) -> {
          scope.meter().read(self.length());
          Object result = method.call(scope.meter(), self, arguments);
          arguments.end();
          return result;
        };
  }

  private static Map<String, Method> methods() {
    Map<String, Method> methods = new HashMap<>();
    methods.put("strip", (meter, self, with) -> strip(meter, self, with, true, true));
    methods.put("lstrip", (meter, self, with) -> strip(meter, self, with, true, false));
    methods.put("rstrip", (meter, self, with) -> strip(meter, self, with, false, true));
    methods.put("upper", change(text -> text.toUpperCase(Locale.ROOT)));
    methods.put("lower", change(text -> text.toLowerCase(Locale.ROOT)));
    methods.put("title", change(PyStrings::title));
    methods.put("capitalize", change(PyStrings::capitalize));
    methods.put("split", (meter, self, with) -> split(meter, self, with, false));
    methods.put("rsplit", (meter, self, with) -> split(meter, self, with, true));
    methods.put("splitlines", StringMethods::lines);
    methods.put("partition", (meter, self, with) -> partition(meter, self, with, false));
    methods.put("rpartition", (meter, self, with) -> partition(meter, self, with, true));
    methods.put("startswith", (meter, self, with) -> isAt(self, with, true));
    methods.put("endswith", (meter, self, with) -> isAt(self, with, false));
    methods.put("replace", StringMethods::replace);
    methods.put("removeprefix", (meter, self, with) -> remove(meter, self, with, true));
    methods.put("removesuffix", (meter, self, with) -> remove(meter, self, with, false));
    methods.put("find", (meter, self, with) -> find(meter, self, with, false));
    methods.put("rfind", (meter, self, with) -> find(meter, self, with, true));
    methods.put("count", StringMethods::count);
    methods.put(
        "join",
        (meter, self, with) ->
            Filters.join(Values.items(with.require(0, "iterable"), meter), self, meter));
    methods.put("isdigit", (meter, self, with) -> all(self, Character::isDigit));
    methods.put("isalpha", (meter, self, with) -> all(self, Character::isLetter));
    methods.put("isalnum", (meter, self, with) -> all(self, Character::isLetterOrDigit));
    methods.put("isspace", (meter, self, with) -> all(self, PyStrings::isSpace));
    methods.put("isupper", (meter, self, with) -> cased(self, self.toUpperCase(Locale.ROOT)));
    methods.put("islower", (meter, self, with) -> cased(self, self.toLowerCase(Locale.ROOT)));
    return methods;
  }

  private static Method change(Change change) {
    return (meter, self, with) -> {
      meter.make(self.length());
      return change.apply(self);
    };
  }

  private static String strip(
      Meter meter, String self, Arguments with, boolean start, boolean end) {
    meter.make(self.length());
    return strip(self, with.get(0, "chars", None.NONE), start, end);
  }

  /** The text without white space, or the characters of a set, at its ends. */
  static String strip(String self, Object characters, boolean start, boolean end) {
    IntPredicate set = PyStrings::isSpace;
    if (!(characters instanceof None)) {
      String text = Values.requireText(characters, "strip");
      set = c -> text.indexOf(c) >= 0;
    }
    return PyStrings.strip(self, set, start, end);
  }

  private static Object split(Meter meter, String self, Arguments with, boolean fromEnd) {
    Object separator = with.get(0, "sep", None.NONE);
    long most = with.integer(1, "maxsplit", -1);
    meter.makeItems(self.length());
    if (separator instanceof None) {
      if (fromEnd && most >= 0) {
        throw new TemplateException("rsplit with a number of splits needs a separator");
      }
      return PyStrings.words(self, most);
    }
    String text = Values.requireText(separator, "split");
    meter.search(self, text);
    return PyStrings.split(self, text, most, fromEnd);
  }

  private static Object lines(Meter meter, String self, Arguments with) {
    meter.makeItems(self.length());
    return PyStrings.lines(self, Values.isTrue(with.get(0, "keepends", false)));
  }

  private static Object partition(Meter meter, String self, Arguments with, boolean fromEnd) {
    String separator = with.text(0, "sep");
    meter.search(self, separator);
    meter.make(self.length());
    int at = fromEnd ? self.lastIndexOf(separator) : self.indexOf(separator);
    if (at < 0) {
      return new ArrayList<Object>(fromEnd ? List.of("", "", self) : List.of(self, "", ""));
    }
    return new ArrayList<Object>(
        List.of(self.substring(0, at), separator, self.substring(at + separator.length())));
  }

  private static Object isAt(String self, Arguments with, boolean start) {
    Object part = with.require(0, start ? "prefix" : "suffix");
    List<?> parts = part instanceof List<?> several ? several : List.of(part);
    for (Object each : parts) {
      String text = Values.requireText(each, start ? "startswith" : "endswith");
      if (start ? self.startsWith(text) : self.endsWith(text)) {
        return true;
      }
    }
    return false;
  }

  private static Object replace(Meter meter, String self, Arguments with) {
    return PyStrings.replace(
        self, with.text(0, "old"), with.text(1, "new"), with.integer(2, "count", -1), meter);
  }

  private static Object remove(Meter meter, String self, Arguments with, boolean start) {
    String part = with.text(0, start ? "prefix" : "suffix");
    meter.make(self.length());
    if (start) {
      return self.startsWith(part) ? self.substring(part.length()) : self;
    }
    return self.endsWith(part) ? self.substring(0, self.length() - part.length()) : self;
  }

  private static Object find(Meter meter, String self, Arguments with, boolean fromEnd) {
    String part = with.text(0, "sub");
    meter.search(self, part);
    int at = fromEnd ? self.lastIndexOf(part) : self.indexOf(part);
    return at < 0 ? -1L : (long) self.codePointCount(0, at);
  }

  private static Object count(Meter meter, String self, Arguments with) {
    String part = with.text(0, "sub");
    meter.search(self, part);
    if (part.isEmpty()) {
      return (long) self.codePointCount(0, self.length()) + 1;
    }
    long count = 0;
    for (int at = self.indexOf(part); at >= 0; at = self.indexOf(part, at + part.length())) {
      count++;
    }
    return count;
  }

  private static boolean all(String self, IntPredicate test) {
    return !self.isEmpty() && self.codePoints().allMatch(test);
  }

  /** Returns whether a text is in one case, and has letters at all. */
  static boolean cased(String self, String inCase) {
    return self.equals(inCase)
        && !self.toUpperCase(Locale.ROOT).equals(self.toLowerCase(Locale.ROOT));
  }
}
