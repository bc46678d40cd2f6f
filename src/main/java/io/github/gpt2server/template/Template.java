package io.github.gpt2server.template;

import java.time.Clock;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A chat template, parsed: Jinja2 as Hugging Face transformers sets it up, with {@code trim_blocks}
 * and {@code lstrip_blocks}, {@code raise_exception}, {@code strftime_now}, {@code tojson} of JSON,
 * {@code generation}, {@code break} and {@code continue}. Safe for concurrent use.
 *
 * <p>A template can only read its variables, which are copied into lists, maps, texts, numbers and
 * booleans: there is no way from it to Java's methods, to files or to other templates. Every step,
 * every character made and every level of depth is counted, so that no template takes much longer
 * than a second or much more memory than its limits.
 */
public final class Template {

  /** The largest template, in UTF-16 units; those of large models have 20,000. */
  public static final int MAX_CHARACTERS = 1 << 18;

  private final List<Statement> statements;

  private Template(List<Statement> statements) {
    this.statements = statements;
  }

  /**
   * Parses a template.
   *
   * @throws TemplateException if it is not one, or has what is not supported; the message has the
   *     line
   */
  public static Template parse(String text) {
    if (text.length() > MAX_CHARACTERS) {
      throw new TemplateException("it has more than %d characters".formatted(MAX_CHARACTERS));
    }
    return new Template(StatementParser.parse(text));
  }

  /**
   * Renders the template.
   *
   * @param variables null, booleans, numbers, texts, lists and maps of such
   * @throws TemplateRefusalException if the template calls {@code raise_exception}
   * @throws TemplateException if an operation is impossible, or a limit is reached
   */
  public String render(Map<String, ?> variables, RenderLimits limits) {
    return render(variables, limits, Clock.system(ZoneId.systemDefault()));
  }

  /** Renders the template at the time of a clock, for {@code strftime_now}. */
  String render(Map<String, ?> variables, RenderLimits limits, Clock clock) {
    Meter meter = new Meter(limits);
    Map<String, Object> plain = new LinkedHashMap<>();
    variables.forEach((name, value) -> plain.put(name, plain(value)));
    return Statement.text(statements, Scope.outermost(plain, meter, clock));
  }

  /** The value as templates know it. */
  private static Object plain(Object value) {
    if (value == null) {
      return None.NONE;
    }
    if (value instanceof String || value instanceof Boolean) {
      return value;
    }
    if (value instanceof Double || value instanceof Float) {
      return ((Number) value).doubleValue();
    }
    if (value instanceof Integer || value instanceof Long) {
      return ((Number) value).longValue();
    }
    if (value instanceof List<?> list) {
      List<Object> items = new ArrayList<>(list.size());
      list.forEach(item -> items.add(plain(item)));
      return items;
    }
    if (value instanceof Map<?, ?> map) {
      Map<Object, Object> entries = new LinkedHashMap<>();
      map.forEach((key, item) -> entries.put(String.valueOf(key), plain(item)));
      return entries;
    }
    throw new IllegalArgumentException("a template takes no " + value.getClass());
  }
}
