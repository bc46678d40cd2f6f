package io.github.gpt2server.cli.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.gpt2server.cli.CommandRun;
import io.github.gpt2server.cli.TestModel;
import io.github.gpt2server.serving.ServedModel;
import io.github.gpt2server.testing.OneCore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** On the embedded model, against numbers that another implementation computed. */
@OneCore
class EvaluateCommandIT {
  private static final JsonMapper JSON = JsonMapper.shared();
  private static final Path GOLDEN = Path.of("src/test/resources/golden");

  private static ServedModel model;

  @TempDir private Path folder;

  @BeforeAll
  static void load() {
    model = TestModel.load(TestModel.EMBEDDED);
  }

  @AfterAll
  static void end() {
    model.engine().close();
    model.tokenizer().close();
  }

  /** All the validation text, whose windows do not overlap. */
  @Test
  void theValidationTextHasTheReferencesNumbers() throws IOException {
    JsonNode golden = JSON.readTree(Files.readString(GOLDEN.resolve("validation.json")));

    JsonNode report = json(GOLDEN.resolve("validation.txt").toString());

    assertThat(report.get("scored_tokens")).isEqualTo(golden.get("validation_tokens"));
    assertThat(report.get("bytes").intValue()).isEqualTo(270_230);
    assertThat(report.get("nats_per_token").doubleValue())
        .isCloseTo(golden.get("nats_per_token").doubleValue(), within(5.1e-5));
    assertThat(report.get("bits_per_byte").doubleValue())
        .isCloseTo(golden.get("bits_per_byte").doubleValue(), within(5.1e-5));
    assertThat(report.get("perplexity").doubleValue())
        .isCloseTo(golden.get("perplexity").doubleValue(), within(5.1e-3));
  }

  @Test
  void withAStrideWindowsOverlapAsTheReferencesDo() throws IOException {
    JsonNode golden = score(2);
    assertThat(golden.get("stride").intValue()).isEqualTo(256);

    JsonNode report = json(write("long.txt", golden.get("text").stringValue()), "--stride", "256");

    assertThat(report.get("scored_tokens").intValue())
        .isEqualTo(golden.get("token_ids").size() - 1);
    assertThat(report.get("log_likelihood").doubleValue())
        .isCloseTo(golden.get("nats").doubleValue(), within(1e-2));
    assertThat(report.get("bits_per_byte").doubleValue())
        .isCloseTo(golden.get("bits_per_byte").doubleValue(), within(1e-5));
  }

  @Test
  void eachLineIsATextOfItsOwn() throws IOException {
    String first = score(0).get("text").toString();
    String second = score(1).get("text").toString();
    String file =
        write(
            "two.jsonl",
            "{\"body\":%s}\n\n{\"body\":\"\"}\n{\"body\":%s}".formatted(first, second));

    JsonNode report = json(file, "--field", "body");

    assertThat(report.get("texts").intValue()).isEqualTo(2);
    assertThat(report.get("skipped_empty_texts").intValue()).isEqualTo(2);
    assertThat(report.get("scored_tokens").intValue()).isEqualTo(15 + 237);
    assertThat(report.get("log_likelihood").doubleValue())
        .isCloseTo(
            score(0).get("nats").doubleValue() + score(1).get("nats").doubleValue(), within(2e-3));
    assertThat(json(file, "--field", "body", "--limit", "1").get("log_likelihood").doubleValue())
        .isCloseTo(score(0).get("nats").doubleValue(), within(1e-3));
  }

  @Test
  void withEndOfTextBeforeItTheFirstTokenIsScoredToo() throws IOException {
    String file = write("king", "The king");
    JsonNode plain = json(file);
    JsonNode more = json(file, "--add-bos");
    assertThat(plain.get("scored_tokens").intValue()).isEqualTo(1);
    assertThat(more.get("scored_tokens").intValue()).isEqualTo(2);
    assertThat(more.get("log_likelihood").doubleValue())
        .isLessThan(plain.get("log_likelihood").doubleValue());
  }

  /** Words of one and of several tokens, a passage longer than the context, a single word. */
  @Test
  void lastWordsAreScoredAsTheReferenceScoresThem() throws IOException {
    Path file = GOLDEN.resolve("last-words.jsonl");
    double likelihood = 0;
    int correct = 0;
    int tokens = 0;
    List<String> lines = Files.readAllLines(file);
    for (String line : lines) {
      JsonNode golden = JSON.readTree(line);
      likelihood += golden.get("log_likelihood").doubleValue();
      correct += golden.get("greedy").booleanValue() ? 1 : 0;
      tokens += golden.get("tokens").intValue();
    }

    JsonNode report = json(file.toString(), "--last-word");

    assertThat(report.get("texts").intValue()).isEqualTo(lines.size());
    assertThat(report.get("scored_tokens").intValue()).isEqualTo(tokens);
    assertThat(report.get("correct").intValue()).isEqualTo(correct).isPositive();
    assertThat(report.get("accuracy").doubleValue()).isEqualTo((double) correct / lines.size());
    assertThat(Math.log(report.get("perplexity").doubleValue()))
        .isCloseTo(-likelihood / lines.size(), within(1e-5));
  }

  @Test
  void peopleReadAColumnOfNumbers() {
    CommandRun run = CommandRun.of(() -> model, "The king\n\nthe", "evaluate", "-", "--last-word");
    assertThat(run.exitCode()).isZero();
    assertThat(run.err()).isEmpty();
    assertThat(run.out().lines())
        .startsWith(
            "model                gpt2-fairytales",
            "dtype                float32",
            "device               cpu",
            "context length       512",
            "texts                2",
            "skipped empty texts  1",
            "scored tokens        2")
        .contains("correct              0", "accuracy             0.0000");
  }

  @Test
  void whatCannotBeDoneIsOneSentence() throws IOException {
    assertFails(
        write("empty", ""),
        "There is nothing to score: a text needs two tokens, or one with --add-bos.");
    assertFails(
        write("blank", " \n"), "There is no word to predict: every text is empty.", "--last-word");
    assertFails(
        write("a.jsonl", "{\"text\": \"a \\ud800\"}"),
        "In " + folder.resolve("a.jsonl") + ", line 1, the text has");
    assertFails(
        write("word", "a " + "b!".repeat(300)),
        "The last word of %s, line 1 has 600 tokens, but the model's context holds 512."
            .formatted(folder.resolve("word")),
        "--last-word");
    CommandRun stride = CommandRun.of(model, "evaluate", write("a", "a b"), "--stride", "512");
    assertThat(stride.exitCode()).isEqualTo(2);
    assertThat(stride.err().lines())
        .containsExactly(
            "--stride must be from 1 to 511, one less than the model's context, but is 512; see"
                + " evaluate --help.");
  }

  private static void assertFails(String file, String sentence, String... options) {
    CommandRun run = CommandRun.of(model, arguments(file, options));
    assertThat(run.exitCode()).isEqualTo(-1);
    assertThat(run.err().lines()).singleElement().asString().startsWith(sentence);
    assertThat(run.out()).isEmpty();
  }

  private static JsonNode json(String file, String... options) {
    String[] all = arguments(file, options);
    all[all.length - 1] = "--json";
    CommandRun run = CommandRun.of(model, all);
    assertThat(run.exitCode()).as(run.err()).isZero();
    return run.json();
  }

  private static String[] arguments(String file, String... options) {
    String[] all = new String[options.length + 3];
    all[0] = "evaluate";
    all[1] = file;
    System.arraycopy(options, 0, all, 2, options.length);
    all[all.length - 1] = "--limit=1000";
    return all;
  }

  private String write(String name, String text) throws IOException {
    return Files.writeString(folder.resolve(name), text).toString();
  }

  private static JsonNode score(int index) throws IOException {
    return JSON.readTree(Files.readString(GOLDEN.resolve("score.json"))).get(index);
  }
}
