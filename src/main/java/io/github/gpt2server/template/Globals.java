package io.github.gpt2server.template;

import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The functions that every template has. */
final class Globals {
  static final Map<String, Object> NAMES =
      Map.of(
          "range", (Function) Globals::range,
          "namespace", (Function) (scope, with) -> new Namespace(fields(with)),
          "dict", (Function) (scope, with) -> fields(with),
          "raise_exception", (Function) Globals::refuse,
          "strftime_now", (Function) Globals::now);

  /** The largest range of Jinja2's sandbox. */
  private static final int MAX_RANGE = 100_000;

  private Globals() {}

  private static Object range(Scope scope, Arguments with) {
    long first = with.integer(0, "start", 0);
    boolean one = with.find(1, "stop") == null;
    long start = one ? 0 : first;
    long stop = one ? first : with.integer(1, "stop", 0);
    long step = with.integer(2, "step", 1);
    with.require(0, "stop");
    with.end();
    if (step == 0) {
      throw new TemplateException("range has the step 0");
    }
    double count = Math.ceil(((double) stop - start) / step);
    if (count > MAX_RANGE) {
      throw new TemplateException("a range has more than %d numbers".formatted(MAX_RANGE));
    }
    scope.meter().makeItems((long) Math.max(0, count));
    List<Object> numbers = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      numbers.add(start + i * step);
    }
    return numbers;
  }

  private static Map<String, Object> fields(Arguments with) {
    Map<String, Object> fields = new LinkedHashMap<>();
    Object first = with.find(0, "");
    if (first instanceof Map<?, ?> map) {
      map.forEach((key, value) -> fields.put(String.valueOf(key), value));
    }
    fields.putAll(with.otherNames());
    with.end();
    return fields;
  }

  private static Object refuse(Scope scope, Arguments with) {
    throw new TemplateRefusalException(Texts.of(with.get(0, "message", ""), scope.meter()));
  }

  private static Object now(Scope scope, Arguments with) {
    return DateFormat.format(with.text(0, "format"), LocalDateTime.now(scope.clock()));
  }
}
