package io.github.gpt2server.cli.console;

import io.github.gpt2server.serving.ServedModel;
import java.io.PrintStream;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;

/** What a command found out, for people and for programs. */
public final class Report {
  private final Map<String, Object> values = new LinkedHashMap<>();
  private final Map<String, String> written = new LinkedHashMap<>();

  /**
   * Begins with the model.
   *
   * @param logLikelihood what it computed, in nats
   * @throws CommandException if that is no number
   */
  public static Report of(ServedModel model, double logLikelihood) {
    if (Double.isNaN(logLikelihood)) {
      throw new CommandException(
          "The log-probabilities of %s in %s are not numbers: its weights are damaged, or too large for that gpt2.dtype."
              .formatted(model.id(), model.dtype()));
    }
    return new Report()
        .add("model", model.id())
        .add("dtype", model.dtype())
        .add("device", model.device())
        .add("context_length", model.contextLength());
  }

  /** Adds a text. */
  public Report add(String name, String value) {
    return add(name, value, value);
  }

  /** Adds a count. */
  public Report add(String name, long value) {
    return add(name, value, String.format(Locale.ROOT, "%,d", value));
  }

  /**
   * Adds a number, which people see with so many decimals. One that is not finite is null in JSON;
   * null, where there is none or it is too large, is a dash for people.
   */
  public Report add(String name, Double value, int decimals) {
    return add(
        name,
        value != null && Double.isFinite(value) ? value : null,
        value == null ? "-" : String.format(Locale.ROOT, "%,." + decimals + "f", value));
  }

  private Report add(String name, Object value, String text) {
    values.put(name, value);
    written.put(name, text);
    return this;
  }

  /** For programs one JSON object on a line, numbers in full precision; else a line each. */
  public void print(PrintStream out, boolean json) {
    if (json) {
      out.println(JsonMapper.shared().writeValueAsString(values));
    } else {
      print(out);
    }
  }

  /** Names and values below each other; {@code bits_per_byte} as bits per byte. */
  private void print(PrintStream out) {
    int width = written.keySet().stream().mapToInt(String::length).max().orElse(0);
    written.forEach(
        (name, text) ->
            out.println(
                String.format(Locale.ROOT, "%-" + width + "s  %s", name.replace('_', ' '), text)));
  }
}
