package io.github.gpt2server.boot.command;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.boot.settings.Arguments;
import io.github.gpt2server.cli.console.Console;
import io.github.gpt2server.testing.LookAlikeHub;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Commands with the settings of the server. */
@ExtendWith(OutputCaptureExtension.class)
class CommandRunnerTest {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  @Test
  void settingsWorkAsForTheServer() {
    assertThat(run("The king was", "evaluate", "-", "--json", "--gpt2.dtype=bfloat16")).isZero();

    JsonNode report = JsonMapper.shared().readTree(out.toString(StandardCharsets.UTF_8));
    assertThat(report.get("model").stringValue()).isEqualTo("gpt2-fairytales");
    assertThat(report.get("dtype").stringValue()).isEqualTo("bfloat16");
    assertThat(report.get("scored_tokens").intValue()).isEqualTo(2);
    assertThat(Thread.getAllStackTraces().keySet())
        .noneMatch(thread -> thread.getName().equals("gpt2-engine"));
  }

  @Test
  void aWrongSettingIsToldAsByTheServer(CapturedOutput output) {
    assertThat(run("a b c", "evaluate", "-", "--gpt2.max-sequence=3")).isEqualTo(1);
    assertThat(output.getErr().lines())
        .containsExactly("gpt2.max-sequence=3 is not a setting: did you mean gpt2.max-sequences?");
    assertThat(out.toString(StandardCharsets.UTF_8)).isEmpty();
  }

  @Test
  void aModelThatIsNotThereIsToldAsByTheServer(CapturedOutput output) {
    assertThat(run("", "verify", "--gpt2.model=/nowhere")).isEqualTo(1);
    assertThat(output.getErr().lines())
        .singleElement()
        .asString()
        .startsWith("gpt2.model is '/nowhere', but there is no such folder");
  }

  @Test
  void whatACommandCannotDoIsOneSentence(CapturedOutput output) {
    assertThat(run("", "evaluate", "/nowhere.txt")).isEqualTo(1);
    assertThat(output.getErr().lines()).containsExactly("There is no file /nowhere.txt.");
  }

  @Test
  void aCommandWithoutMemoryIsOneSentenceAndExitCodeThree(CapturedOutput output) {
    InputStream input =
        new InputStream() {
          @Override
          public int read() {
            throw new OutOfMemoryError("Java heap space");
          }

          @Override
          public int read(byte[] bytes, int offset, int length) {
            return read();
          }
        };

    assertThat(run(input, "evaluate", "-")).isEqualTo(3);
    assertThat(output.getErr().lines())
        .containsExactly(
            "There is not enough memory for the command, which ends with exit code 3: give it more,"
                + " with -Xmx or a larger container, or less to do at once.");
    assertThat(out.toString(StandardCharsets.UTF_8)).isEmpty();
  }

  @Test
  void downloadsNothingButTheConfigurationOfAnotherKindOfModel(
      CapturedOutput output, @TempDir Path folder) {
    try (LookAlikeHub hub = new LookAlikeHub()) {
      hub.addSmall("org/bert", 1_000)
          .put("config.json", "{\"model_type\": \"bert\"}".getBytes(StandardCharsets.UTF_8));

      assertThat(
              run(
                  "",
                  "download",
                  "org/bert",
                  "--gpt2.hub.endpoint=" + hub.endpoint(),
                  "--gpt2.hub.cache=" + folder))
          .isEqualTo(1);

      assertThat(output.getErr().lines())
          .singleElement()
          .asString()
          .endsWith("config.json describes a bert model; only GPT-2 can be served");
      assertThat(hub.count("HEAD", "model.safetensors")).isZero();
    }
    assertThat(out.toString(StandardCharsets.UTF_8)).isEmpty();
  }

  @Test
  void commandsWithoutAModelReadTheSettingsToo(CapturedOutput output, @TempDir Path folder) {
    assertThat(run("", "models", "--gpt2.hub.cache=" + folder)).isZero();
    assertThat(out.toString(StandardCharsets.UTF_8)).endsWith("Cache: " + folder + "\n");

    assertThat(run("", "models", "--gpt2.hub.endpoint=here")).isEqualTo(1);
    assertThat(output.getErr().lines())
        .containsExactly(
            "gpt2.hub.endpoint=here is not allowed: use the address of a hub, such as https://hub.example.");
  }

  private int run(String input, String... args) {
    return run(new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)), args);
  }

  private int run(InputStream input, String... args) {
    Console console =
        new Console(input, new PrintStream(out, true, StandardCharsets.UTF_8), System.err, false);
    return new CommandRunner(console, Arguments.of(args)).run();
  }
}
