package io.github.gpt2server.cli.evaluate;

import io.github.gpt2server.cli.console.Console;
import io.github.gpt2server.cli.console.Report;
import io.github.gpt2server.cli.engine.ModelSource;
import io.github.gpt2server.serving.ServedModel;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The {@code evaluate} command: perplexity of texts, or accuracy on last words. */
@Command(
    name = "evaluate",
    description = {
      "Measure how well the model predicts texts: perplexity and bits per byte, character and word;"
          + " with --last-word, the accuracy on the last word of each text (LAMBADA).",
      ""
    },
    sortOptions = false)
public final class EvaluateCommand implements Callable<Integer> {
  private final ModelSource models;
  private final Console console;

  @Spec private CommandSpec spec;

  @Parameters(
      arity = "1..*",
      paramLabel = "FILE",
      description = "UTF-8 files with the texts; - is standard input.")
  private List<String> files;

  @Option(
      names = "--format",
      paramLabel = "FORMAT",
      description =
          "text: a file is one text; lines: each line is one; jsonl: each line is a JSON object."
              + " Default: jsonl for *.jsonl and *.ndjson, else lines with --last-word and text"
              + " without.")
  private DocumentFormat format;

  @Option(
      names = "--field",
      paramLabel = "NAME",
      defaultValue = "text",
      description = "The field of a JSON object that holds the text. Default: text.")
  private String field;

  @Option(
      names = "--last-word",
      description =
          "Predict the last word of each text from the text before it, and report the metrics that"
              + " lm-evaluation-harness reports for lambada_openai.")
  private boolean lastWord;

  @Option(
      names = "--stride",
      paramLabel = "N",
      description =
          "Read a text longer than the context in windows that begin N tokens apart and overlap,"
              + " as /v1/score does. Default: windows without overlap.")
  private Integer stride;

  @Option(
      names = "--add-bos",
      description = "Prepend <|endoftext|> to each text, so that its first token is scored too.")
  private boolean addBos;

  @Option(
      names = "--limit",
      paramLabel = "N",
      defaultValue = "" + Long.MAX_VALUE,
      description = "Evaluate only the first N texts.")
  private long limit;

  @Option(names = "--json", description = "Print the report as one JSON object.")
  private boolean json;

  public EvaluateCommand(ModelSource models, Console console) {
    this.models = models;
    this.console = console;
  }

  @Override
  public Integer call() throws InterruptedException {
    if (lastWord && (stride != null || addBos)) {
      throw wrong("--last-word cannot be combined with --stride or --add-bos");
    }
    if (limit < 1) {
      throw wrong("--limit must be at least 1, but is " + limit);
    }
    DocumentFormat plain = lastWord ? DocumentFormat.LINES : DocumentFormat.TEXT;
    List<Document> documents =
        new DocumentReader(console.in(), format, plain, field, limit).read(files);
    ServedModel model = models.open();
    if (stride != null && (stride < 1 || stride >= model.contextLength())) {
      throw wrong(
          "--stride must be from 1 to %d, one less than the model's context, but is %d"
              .formatted(model.contextLength() - 1, stride));
    }
    Report report =
        lastWord
            ? new LastWordEvaluation(model, console).run(documents)
            : new TextEvaluation(model, console, stride == null ? 0 : stride, addBos)
                .run(documents);
    report.print(console.out(), json);
    return 0;
  }

  private ParameterException wrong(String sentence) {
    return new ParameterException(spec.commandLine(), sentence);
  }
}
