package io.github.gpt2server.cli.verify;

import io.github.gpt2server.cli.console.CommandException;
import io.github.gpt2server.cli.console.JsonText;
import io.github.gpt2server.cli.verify.PublishedNumbers.Entry;
import io.github.gpt2server.cli.verify.PublishedNumbers.Shape;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.commons.io.input.BOMInputStream;
import tools.jackson.databind.JsonNode;

/**
 * Reader of published numbers from a JSON object: {@code models} with their shapes, and a list of
 * entries for each kind of number, as in {@code verify/published.json}.
 */
final class PublishedNumbersReader {
  private static final String OWN = "/verify/published.json";
  private static final String NEEDS_DATA = "needs a data set; see evaluate";

  private final String file;
  private final List<Entry> entries = new ArrayList<>();
  private String place;

  private PublishedNumbersReader(String file) {
    this.file = file;
  }

  /** Reads the numbers that are part of the program. */
  static PublishedNumbers own() {
    try (InputStream in = PublishedNumbersReader.class.getResourceAsStream(OWN)) {
      return new PublishedNumbersReader("published.json").parse(text(in));
    } catch (IOException e) {
      throw new CommandException("The published numbers cannot be read from the program.", e);
    }
  }

  /**
   * Reads the numbers in a file.
   *
   * @throws CommandException if the file cannot be read or is malformed
   */
  static PublishedNumbers read(String file) {
    try (InputStream in = BOMInputStream.builder().setPath(Path.of(file)).get()) {
      return new PublishedNumbersReader(file).parse(text(in));
    } catch (NoSuchFileException e) {
      throw new CommandException("There is no file " + file + ".", e);
    } catch (IOException | InvalidPathException e) {
      throw new CommandException("%s cannot be read (%s).".formatted(file, e.getMessage()), e);
    }
  }

  private static String text(InputStream in) throws IOException {
    return new String(in.readAllBytes(), StandardCharsets.UTF_8);
  }

  private PublishedNumbers parse(String json) {
    JsonNode root = JsonText.parse(file, json);
    Map<String, Shape> shapes = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> model : root.path("models").properties()) {
      place = "models." + model.getKey();
      shapes.put(
          model.getKey(),
          new Shape(
              count(model.getValue(), "vocab_size"),
              count(model.getValue(), "context_length"),
              (long) number(model.getValue(), "parameters")));
    }
    for (String kind :
        List.of(
            "greedy",
            "last_logit",
            "continuation_logprob",
            "rolling_logprob",
            "mean_loss_nats",
            "perplexity")) {
      int index = 0;
      for (JsonNode entry : root.path(kind)) {
        place = kind + "[" + index++ + "]";
        add(kind, entry);
      }
    }
    return new PublishedNumbers(file, shapes, entries);
  }

  private void add(String kind, JsonNode entry) {
    switch (kind) {
      case "greedy" -> greedy(entry);
      case "last_logit" -> {
        int[] prompt = ids(entry, "prompt_ids");
        int argmax = count(entry, "argmax");
        check(entry, new Check.Argmax(prompt, argmax));
        check(entry, new Check.Logit(prompt, argmax, number(entry, "logit"), tolerance(entry)));
      }
      case "continuation_logprob" ->
          check(
              entry,
              new Check.Likelihood(
                  ids(entry, "prompt_ids"),
                  ids(entry, "continuation_ids"),
                  number(entry, "logprob"),
                  tolerance(entry)));
      case "rolling_logprob" -> logprobs(entry, ids(entry, "prefix_ids"), ids(entry, "ids"));
      case "mean_loss_nats" ->
          check(entry, new Check.MeanLoss(rows(entry), number(entry, "loss"), tolerance(entry)));
      default ->
          entry.properties().stream()
              .filter(field -> field.getValue().isNumber())
              .forEach(
                  field ->
                      entries.add(
                          new Entry(
                              model(entry),
                              source(entry),
                              null,
                              CheckResult.skipped(
                                  field.getKey().replace('_', ' '),
                                  field.getValue().asString(),
                                  entry.path("how").asString(NEEDS_DATA)))));
    }
  }

  private void greedy(JsonNode entry) {
    int[] prompt = ids(entry, "prompt_ids");
    int[] continuation = ids(entry, "continuation_ids");
    check(entry, new Check.Greedy(prompt, continuation));
    if (entry.has("logprobs")) {
      logprobs(entry, prompt, continuation);
    }
  }

  private void logprobs(JsonNode entry, int[] prompt, int[] continuation) {
    double[] logprobs = numbers(entry, "logprobs");
    require(logprobs.length == continuation.length, "needs as many logprobs as tokens");
    check(entry, new Check.TokenLikelihoods(prompt, continuation, logprobs, tolerance(entry)));
  }

  /**
   * The rows of ids, each with the token after it; all ids are one row unless the entry has
   * columns.
   */
  private List<int[]> rows(JsonNode entry) {
    int[] ids = ids(entry, "ids");
    int rows = entry.has("rows") ? count(entry, "rows") : 1;
    int columns = entry.has("columns") ? count(entry, "columns") : ids.length - 1;
    require(
        rows > 0 && columns > 0 && (long) rows * columns < ids.length,
        "needs at least rows * columns + 1 ids");
    List<int[]> all = new ArrayList<>();
    for (int row = 0; row < rows; row++) {
      all.add(Arrays.copyOfRange(ids, row * columns, (row + 1) * columns + 1));
    }
    return all;
  }

  private void check(JsonNode entry, Check check) {
    entries.add(new Entry(model(entry), source(entry), check, null));
  }

  private static String model(JsonNode entry) {
    return entry.path("model").asString(null);
  }

  private static String source(JsonNode entry) {
    return entry.path("source").asString("source not given");
  }

  private Tolerance tolerance(JsonNode entry) {
    JsonNode given = entry.get("tolerance");
    return given == null
        ? Tolerance.DEFAULT
        : new Tolerance(given.path("absolute").asDouble(0), given.path("relative").asDouble(0));
  }

  private int[] ids(JsonNode entry, String field) {
    JsonNode list = entry.path(field);
    require(
        list.isArray()
            && !list.isEmpty()
            && list.valueStream().allMatch(PublishedNumbersReader::isCount),
        field + " must be a list of token ids");
    return list.valueStream().mapToInt(JsonNode::intValue).toArray();
  }

  private int count(JsonNode entry, String field) {
    require(isCount(entry.path(field)), field + " must be a non-negative integer");
    return entry.get(field).intValue();
  }

  private static boolean isCount(JsonNode value) {
    return value.isInt() && value.intValue() >= 0;
  }

  private double[] numbers(JsonNode entry, String field) {
    JsonNode list = entry.path(field);
    require(
        list.isArray() && list.valueStream().allMatch(JsonNode::isNumber),
        field + " must be a list of numbers");
    return list.valueStream().mapToDouble(JsonNode::doubleValue).toArray();
  }

  private double number(JsonNode entry, String field) {
    require(entry.path(field).isNumber(), field + " must be a number");
    return entry.get(field).doubleValue();
  }

  private void require(boolean right, String otherwise) {
    if (!right) {
      throw new CommandException("%s is malformed at %s: %s.".formatted(file, place, otherwise));
    }
  }
}
