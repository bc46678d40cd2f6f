package io.github.gpt2server.cli.verify;

import io.github.gpt2server.cli.console.CommandException;
import io.github.gpt2server.cli.console.Console;
import io.github.gpt2server.cli.console.Table;
import io.github.gpt2server.cli.engine.EngineClient;
import io.github.gpt2server.cli.engine.ModelSource;
import io.github.gpt2server.cli.verify.CheckResult.Verdict;
import io.github.gpt2server.cli.verify.PublishedNumbers.Entry;
import io.github.gpt2server.cli.verify.PublishedNumbers.Shape;
import io.github.gpt2server.serving.ServedModel;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The {@code verify} command: compares the model's results with published ones. */
@Command(
    name = "verify",
    description = {
      "Compare the model's results with published ones of OpenAI's GPT-2 and DistilGPT-2: greedy"
          + " texts, logits, log-probabilities, losses, all computed in float32. The exit code is 0"
          + " only if all are within their tolerance.",
      ""
    },
    sortOptions = false)
public final class VerifyCommand implements Callable<Integer> {
  private final ModelSource models;
  private final Console console;

  @Option(
      names = "--as",
      paramLabel = "ID",
      description =
          "Treat the model as gpt2, distilgpt2, gpt2-medium, gpt2-large or gpt2-xl. Default:"
              + " determined by its name, or else by its shape.")
  private String as;

  @Option(
      names = "--against",
      paramLabel = "FILE",
      description = "Compare with the numbers in this JSON file.")
  private String against;

  public VerifyCommand(ModelSource models, Console console) {
    this.models = models;
    this.console = console;
  }

  /** A line of the table with the publication. */
  private record Line(CheckResult result, String source) {}

  @Override
  public Integer call() throws InterruptedException {
    PublishedNumbers numbers =
        against == null ? PublishedNumbersReader.own() : PublishedNumbersReader.read(against);
    if (as != null && !numbers.ids().contains(as)) {
      throw new CommandException(
          "--as is %s, but %s has numbers for %s only."
              .formatted(as, numbers.file(), String.join(", ", numbers.ids())));
    }
    ServedModel model = models.open();
    String id = as != null ? as : identify(numbers, model);
    console
        .out()
        .printf(
            Locale.ROOT,
            "%s, %s, %s, compared with the numbers of %s in %s%n",
            model.id(),
            model.dtype(),
            model.device(),
            id,
            numbers.file());
    List<Line> lines = new ArrayList<>();
    EngineClient engine = new EngineClient(model.engine());
    for (Entry entry : numbers.of(id)) {
      lines.add(new Line(result(entry, model, engine), entry.source()));
    }
    print(lines);
    return conclude(lines, model);
  }

  private static String identify(PublishedNumbers numbers, ServedModel model) {
    Shape shape = new Shape(model.vocabSize(), model.contextLength(), model.parameters());
    return numbers
        .identify(model.id(), shape)
        .orElseThrow(
            () ->
                new CommandException(
                    "%s (%s) is none of the models that %s has numbers for: set --as to one of %s."
                        .formatted(
                            model.id(), shape, numbers.file(), String.join(", ", numbers.ids()))));
  }

  private static CheckResult result(Entry entry, ServedModel model, EngineClient engine)
      throws InterruptedException {
    Check check = entry.check();
    if (check == null) {
      return entry.unchecked();
    }
    OptionalInt unknown = check.tokens().filter(token -> token >= model.vocabSize()).findFirst();
    if (unknown.isPresent()) {
      return CheckResult.skipped(
          check.what(),
          "",
          "token %d is outside the vocabulary of %d"
              .formatted(unknown.getAsInt(), model.vocabSize()));
    }
    if (check.length() > model.contextLength()) {
      return CheckResult.skipped(
          check.what(),
          "",
          "%d tokens do not fit the context of %d"
              .formatted(check.length(), model.contextLength()));
    }
    try {
      return check.run(engine);
    } catch (CommandException e) {
      return CheckResult.failed(check.what(), e.getMessage());
    }
  }

  private void print(List<Line> lines) {
    Table table = new Table("verdict", "number", "expected", "got", "allowed", "source");
    for (Line line : lines) {
      CheckResult result = line.result();
      table.add(
          result.verdict().toString(),
          result.what(),
          result.expected(),
          result.got(),
          result.allowed(),
          result.note().isEmpty() ? line.source() : line.source() + ": " + result.note());
    }
    table.print(console.out());
  }

  private int conclude(List<Line> lines, ServedModel model) {
    long ok = count(lines, Verdict.OK);
    long failed = count(lines, Verdict.FAILED);
    if (ok + failed == 0) {
      throw new CommandException("None of the numbers can be checked.");
    }
    console
        .out()
        .printf(
            Locale.ROOT,
            "%d within tolerance, %d not, %d skipped%n",
            ok,
            failed,
            count(lines, Verdict.SKIPPED));
    if (failed > 0 && !model.dtype().equals("float32")) {
      console
          .err()
          .printf(
              Locale.ROOT,
              "The published numbers were computed in float32, these in %s: try --gpt2.dtype=float32.%n",
              model.dtype());
    }
    return failed == 0 ? 0 : 1;
  }

  private static long count(List<Line> lines, Verdict verdict) {
    return lines.stream().filter(line -> line.result().verdict() == verdict).count();
  }
}
