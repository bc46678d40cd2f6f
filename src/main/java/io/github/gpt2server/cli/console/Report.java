package io.github.gpt2server.cli.console;

import io.github.gpt2server.serving.ServedModel;
import java.io.PrintStream;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;

/** The results of a command, as lines of text or as JSON. */
public final class Report {
  private final Map<String, Object> values = new LinkedHashMap<>();
  private final Map<String, String> written = new LinkedHashMap<>();

  /**
   * Creates a report that begins with the model.
   *
   * @param logLikelihood the computed result, in nats
   * @throws CommandException if the result is NaN
   */
  public static Report of(ServedModel model, double logLikelihood) {
    if (Double.isNaN(logLikelihood)) {
      throw new CommandException(
          "The log-probabilities of %s in %s are not numbers: its weights are damaged, or exceed the range of that gpt2.dtype."
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
   * Adds a number, rounded to {@code decimals} places in text. An infinite number is null in JSON;
   * null, for a number that is undefined or too large, is a dash in text.
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

  /** Prints one JSON object with numbers in full precision, or a line for each value. */
  public void print(PrintStream out, boolean json) {
    if (json) {
      out.println(JsonMapper.shared().writeValueAsString(values));
    } else {
      print(out);
    }
  }

  /** Prints aligned names and values; {@code bits_per_byte} becomes "bits per byte". */
  private void print(PrintStream out) {
    int width = written.keySet().stream().mapToInt(String::length).max().orElse(0);
    written.forEach(
        (name, text) ->
            out.println(
                String.format(Locale.ROOT, "%-" + width + "s  %s", name.replace('_', ' '), text)));
  }
}
