package io.github.gpt2server.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CommandTableTest {

  @Test
  void helpNamesEveryCommand() {
    CommandRun run = run("--help");
    assertThat(run.exitCode()).isZero();
    assertThat(run.out())
        .startsWith("Usage: java -jar gpt2-server.jar [--gpt2.SETTING=VALUE...] [COMMAND]")
        .containsPattern("(?m)^  evaluate  ")
        .containsPattern("(?m)^  verify    ")
        .containsPattern("(?m)^  download  ")
        .containsPattern("(?m)^  models    ")
        .contains("--gpt2.model");
    assertThat(run.err()).isEmpty();
  }

  @Test
  void eachCommandHasHelp() {
    CommandRun run = run("evaluate", "-h");
    assertThat(run.exitCode()).isZero();
    assertThat(run.out()).contains("--stride=N", "--last-word", "--help");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          evaluat x                        | evaluat is not a command: use evaluate, verify, download or models, or none to start the server.
          --odd x                          | --odd is not an option; see --help.
          evaluate                         | Missing required parameter: 'FILE'; see evaluate --help.
          evaluate x --strid 3             | --strid is not an option; see evaluate --help.
          evaluate x --stride many         | Invalid value for option '--stride': 'many' is not an int; see evaluate --help.
          evaluate x --format xml          | Invalid value for option '--format': expected one of [TEXT, LINES, JSONL] (case-insensitive) but was 'xml'; see evaluate --help.
          evaluate x --limit 0             | --limit must be at least 1, but is 0; see evaluate --help.
          evaluate x --last-word --add-bos | --last-word cannot be combined with --stride or --add-bos; see evaluate --help.
          """)
  void wrongArgumentsAreOneSentence(String arguments, String sentence) {
    CommandRun run = run(arguments.split(" "));
    assertThat(run.exitCode()).isEqualTo(2);
    assertThat(run.err().lines()).containsExactly(sentence);
    assertThat(run.out()).isEmpty();
  }

  private static CommandRun run(String... arguments) {
    return CommandRun.of(
        () -> {
          throw new AssertionError("no model is needed for this");
        },
        "",
        arguments);
  }
}
