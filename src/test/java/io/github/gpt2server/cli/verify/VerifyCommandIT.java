package io.github.gpt2server.cli.verify;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.cli.CommandRun;
import io.github.gpt2server.cli.TestModel;
import io.github.gpt2server.serving.ServedModel;
import io.github.gpt2server.testing.OneCore;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** With numbers of the embedded model and of nano-sort, which other implementations computed. */
@OneCore
class VerifyCommandIT {
  /** In float16. */
  private static final short FOUR = 0x4400;

  private static final short NOT_A_NUMBER = 0x7e00;

  private static final int LATE = 400;

  private static final Path GOLDEN = Path.of("src/test/resources/golden");
  private static final String FAIRYTALES = GOLDEN.resolve("published-fairytales.json").toString();
  private static final String NANO_SORT = GOLDEN.resolve("nano-sort/published.json").toString();

  @TempDir private Path folder;

  @Test
  void theEmbeddedModelHasItsNumbers() {
    CommandRun run = run(TestModel.EMBEDDED, "--against", FAIRYTALES);

    assertThat(run.err()).isEmpty();
    assertThat(run.exitCode()).isZero();
    assertThat(run.out().lines())
        .hasSize(2 + 6 + 2 * 6 + 3 + 1 + 1)
        .startsWith(
            "gpt2-fairytales, float32, cpu, compared with the numbers of gpt2-fairytales in "
                + FAIRYTALES)
        .endsWith("21 within tolerance, 0 not, 1 skipped");
    assertThat(columns(run))
        .contains(
            List.of(
                "ok", "greedy: 48 tokens after 8", "the same", "the same", "exact", "greedy.json"),
            List.of(
                "skipped",
                "bits per byte",
                "1.2995",
                "",
                "",
                "validation.json: needs a data set; see evaluate"));
    assertThat(run.out()).doesNotContain("FAILED");
  }

  /** Its own weights and numbers, and a vocabulary of three letters. */
  @Test
  void aModelThatOthersTrainedHasTheirNumbers() throws IOException {
    CommandRun run = run(nanoSort(), "--against", NANO_SORT);

    assertThat(run.exitCode()).isZero();
    assertThat(run.out().lines().toList()).endsWith("15 within tolerance, 0 not, 2 skipped");
    assertThat(columns(run))
        .contains(
            List.of("ok", "greedy: 5 tokens after 6", "the same", "the same", "exact", "sorted"),
            List.of(
                "skipped",
                "logprob of 1 tokens after 1",
                "",
                "",
                "",
                "token 3 is not there: token 3 is outside the vocabulary of 3"),
            List.of(
                "skipped",
                "logprob of 7 tokens after 6",
                "",
                "",
                "",
                "too long: 12 tokens do not fit the context of 11"));
  }

  /** The 21st position is damaged: shorter texts stay right, longer ones are reported. */
  @Test
  void damagedWeightsAreFound() throws IOException {
    CommandRun run = run(damaged(20, FOUR), "--against", FAIRYTALES);

    assertThat(run.exitCode()).isEqualTo(1);
    Map<Boolean, List<List<String>>> rows =
        columns(run)
            .filter(row -> !row.get(0).equals("skipped"))
            .collect(Collectors.partitioningBy(row -> row.get(0).equals("ok")));
    assertThat(rows.get(true))
        .extracting(row -> row.get(1))
        .contains("logit of 506 after 8 tokens", "logprob of 15 tokens after 1")
        .noneMatch(what -> what.contains("logit of 276") || what.contains("loss"));
    assertThat(rows.get(false))
        .extracting(row -> row.get(0) + " " + row.get(1))
        .contains(
            "FAILED logit of 276 after 23 tokens",
            "FAILED mean loss of 237 tokens",
            "FAILED greedy: 48 tokens after 23");
    assertThat(run.out().lines().toList().get(run.out().lines().toList().size() - 1))
        .isEqualTo(
            "%d within tolerance, %d not, 1 skipped"
                .formatted(rows.get(true).size(), rows.get(false).size()));
  }

  /** A position that the first steps, which would refuse the model, do not reach. */
  @Test
  void weightsThatAreNoNumbersGiveNoReport() throws IOException {
    ServedModel model = TestModel.load(damaged(LATE, NOT_A_NUMBER));
    try {
      CommandRun run = CommandRun.of(() -> model, "The king ".repeat(LATE), "evaluate", "-");
      assertThat(run.exitCode()).isEqualTo(-1);
      assertThat(run.out()).isEmpty();
      assertThat(run.err().lines())
          .containsExactly(
              "The log-probabilities of damaged in float32 are not numbers: its weights are"
                  + " damaged, or exceed the range of that gpt2.dtype.");
    } finally {
      close(model);
    }
  }

  /** Among logits that are not numbers the first would pass for the largest. */
  @Test
  void whatIsNoNumberIsNoAnswer() throws IOException {
    Path file =
        Files.writeString(
            folder.resolve("zero.json"),
            """
            {"models": {"gpt2-fairytales": {"vocab_size": 1, "context_length": 1, "parameters": 1}},
             "last_logit": [{"prompt_ids": [1%s], "argmax": 0, "logit": 0, "tolerance": {"absolute": 1e9}}]}
            """
                .formatted(", 1".repeat(LATE)));
    CommandRun run =
        run(damaged(LATE, NOT_A_NUMBER), "--against", file.toString(), "--as", "gpt2-fairytales");
    assertThat(run.exitCode()).isEqualTo(1);
    assertThat(columns(run))
        .extracting(row -> row.get(0) + " " + row.get(3))
        .containsExactly("FAILED NaN", "FAILED NaN");
  }

  @Test
  void aModelIsKnownByItsNameOrElseItsShape() throws IOException {
    Path renamed = copy(TestModel.EMBEDDED, folder.resolve("mine"));
    assertThat(run(renamed, "--against", FAIRYTALES).exitCode()).isZero();

    Path other = copy(nanoSort(), folder.resolve("gpt2-fairytales"));
    assertThat(run(other, "--against", FAIRYTALES).err().lines())
        .containsExactly(
            "The model is called gpt2-fairytales but has 3 tokens, 11 positions, 85728 parameters,"
                + " where gpt2-fairytales has 4096 tokens, 512 positions, 6407040 parameters: set"
                + " --as to one of another, gpt2-fairytales.");
    CommandRun forced = run(other, "--against", FAIRYTALES, "--as", "another");
    assertThat(forced.exitCode()).isEqualTo(1);
    assertThat(columns(forced).map(row -> row.get(0) + " " + row.get(1)))
        .containsExactly("FAILED mean loss of 1 tokens");
  }

  @Test
  void whatCannotBeVerifiedIsOneSentence() throws IOException {
    assertThat(run(TestModel.EMBEDDED).err().lines())
        .containsExactly(
            "gpt2-fairytales (4096 tokens, 512 positions, 6407040 parameters) is none of the models"
                + " that published.json has numbers for: set --as to one of distilgpt2, gpt2,"
                + " gpt2-large, gpt2-medium, gpt2-xl.");
    CommandRun none = run(TestModel.EMBEDDED, "--as", "gpt2-xl");
    assertThat(none.exitCode()).isEqualTo(-1);
    assertThat(none.err().lines()).containsExactly("None of the numbers can be checked.");
    CommandRun unknown = CommandRun.of(() -> null, "", "verify", "--as", "gpt3");
    assertThat(unknown.err().lines())
        .containsExactly(
            "--as is gpt3, but published.json has numbers for distilgpt2, gpt2, gpt2-large,"
                + " gpt2-medium, gpt2-xl only.");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {"greedy": [{"prompt_ids": [1]}]} | is malformed at greedy[0]: continuation_ids must be a list of token ids.
          {"greedy": [{"prompt_ids": [1.5], "continuation_ids": [1]}]} | is malformed at greedy[0]: prompt_ids must be a list of token ids.
          {"greedy": [{"prompt_ids": [1], "continuation_ids": [1], "logprobs": [-1, -2]}]} | is malformed at greedy[0]: needs as many logprobs as tokens.
          {"last_logit": [{"prompt_ids": [1], "argmax": -1}]} | is malformed at last_logit[0]: argmax must be a non-negative integer.
          {"mean_loss_nats": [{"ids": [1]}]} | is malformed at mean_loss_nats[0]: needs at least rows * columns + 1 ids.
          {"mean_loss_nats": [{"ids": [1, 2, 3, 4], "rows": 2, "columns": 2}]} | is malformed at mean_loss_nats[0]: needs at least rows * columns + 1 ids.
          {"models": {"a": {}}} | is malformed at models.a: vocab_size must be a non-negative integer.
          \ufeff{"models": {"a": {}}} | is malformed at models.a: vocab_size must be a non-negative integer.
          The king   | is not JSON (Unrecognized token 'The').
          {"greedy": | is not JSON (Unexpected end-of-input within/between Object entries).
          """)
  void aMalformedFileIsNamed(String json, String problem) throws IOException {
    Path file = Files.writeString(folder.resolve("numbers.json"), json);
    CommandRun run = CommandRun.of(() -> null, "", "verify", "--against", file.toString());
    assertThat(run.exitCode()).isEqualTo(-1);
    assertThat(run.err().lines()).containsExactly(file + " " + problem);
  }

  /** Rows predict their next token, the last of each the first of the next row. */
  @Test
  void thePublishedNumbersAreRead() {
    PublishedNumbers numbers = PublishedNumbersReader.own();

    assertThat(numbers.of("gpt2")).hasSize(17);
    assertThat(numbers.of("distilgpt2")).hasSize(2);
    assertThat(numbers.of("gpt2-xl")).hasSize(2);
    List<Check.MeanLoss> losses =
        numbers.of("gpt2").stream()
            .map(PublishedNumbers.Entry::check)
            .filter(Check.MeanLoss.class::isInstance)
            .map(Check.MeanLoss.class::cast)
            .toList();
    assertThat(losses).extracting(loss -> loss.rows().size()).containsExactly(1, 4);
    int[][] rows = losses.get(1).rows().toArray(int[][]::new);
    assertThat(rows).hasDimensions(4, 65);
    assertThat(rows[0][64]).isEqualTo(rows[1][0]);
    assertThat(losses.get(1).what()).isEqualTo("mean loss of 256 tokens");
    assertThat(numbers.identify("openai-community/gpt2", numbers.shapes().get("gpt2")))
        .contains("gpt2");
    assertThat(numbers.identify("mine", numbers.shapes().get("gpt2-medium")))
        .contains("gpt2-medium");
  }

  private static CommandRun run(Path model, String... options) {
    ServedModel served = TestModel.load(model);
    try {
      return CommandRun.of(
          served, Stream.concat(Stream.of("verify"), Stream.of(options)).toArray(String[]::new));
    } finally {
      close(served);
    }
  }

  private static void close(ServedModel model) {
    model.engine().close();
    model.tokenizer().close();
  }

  /** The rows of the table; columns begin where the header's do. */
  private static Stream<List<String>> columns(CommandRun run) {
    List<String> lines = run.out().lines().toList();
    String header = lines.get(1);
    int[] begins = {
      0,
      9,
      header.indexOf("expected"),
      header.indexOf("got"),
      header.indexOf("allowed"),
      header.indexOf("source")
    };
    return lines.subList(2, lines.size() - 1).stream()
        .map(
            line ->
                IntStream.range(0, begins.length)
                    .mapToObj(
                        i ->
                            line.substring(
                                    begins[i],
                                    i + 1 < begins.length ? begins[i + 1] : line.length())
                                .strip())
                    .toList());
  }

  /** nano-sort has no tokenizer; letters stand for its tokens. */
  private Path nanoSort() throws IOException {
    Path copy = copy(GOLDEN.resolve("nano-sort"), folder.resolve("nano-sort"));
    Files.writeString(
        copy.resolve("tokenizer.json"),
        """
        {"model": {"type": "BPE", "vocab": {"A": 0, "B": 1, "C": 2}, "merges": []}}
        """);
    Path config = copy.resolve("config.json");
    Files.writeString(
        config, Files.readString(config).replaceFirst("\\{", "{\"eos_token_id\": 2,"));
    return copy;
  }

  /** The embedded model, every number of a position's embedding replaced by one of float16. */
  private Path damaged(int position, short value) throws IOException {
    Path copy = copy(TestModel.EMBEDDED, folder.resolve("damaged"));
    Path file = copy.resolve("model.safetensors");
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    int length = (int) bytes.getLong(0);
    JsonNode header =
        JsonMapper.shared()
            .readTree(new String(bytes.array(), Long.BYTES, length, StandardCharsets.UTF_8));
    String name =
        header.propertyNames().stream()
            .filter(n -> n.endsWith("wpe.weight"))
            .findFirst()
            .orElseThrow();
    JsonNode tensor = header.get(name);
    assertThat(tensor.get("dtype").stringValue()).isEqualTo("F16");
    int width = tensor.get("shape").get(1).intValue();
    int row =
        Long.BYTES
            + length
            + tensor.get("data_offsets").get(0).intValue()
            + position * width * Short.BYTES;
    // Not all of them, for the layer norm takes away what all have in common.
    for (int i = 0; i < width / 2; i++) {
      bytes.putShort(row + i * Short.BYTES, value);
    }
    Files.write(file, bytes.array());
    return copy;
  }

  private static Path copy(Path from, Path to) throws IOException {
    Files.createDirectories(to);
    try (Stream<Path> files = Files.list(from)) {
      for (Path file : files.toList()) {
        Files.copy(file, to.resolve(file.getFileName()));
      }
    }
    return to;
  }
}
