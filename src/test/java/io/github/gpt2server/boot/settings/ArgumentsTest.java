package io.github.gpt2server.boot.settings;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ArgumentsTest {

  @Test
  void settingsMayStandBeforeAndAfterTheCommand() {
    Arguments arguments =
        Arguments.of(
            "--gpt2.model=x.y",
            "evaluate",
            "a.txt",
            "--server.port=1",
            "--stride",
            "5",
            "--debug",
            "--gpt2.strict-fields=true",
            "--field=a.b",
            "--json");
    assertThat(arguments.settings())
        .containsExactly(
            "--gpt2.model=x.y", "--server.port=1", "--debug", "--gpt2.strict-fields=true");
    assertThat(arguments.command())
        .containsExactly("evaluate", "a.txt", "--stride", "5", "--field=a.b", "--json");
    assertThat(arguments.hasCommand()).isTrue();
  }

  @Test
  void afterTwoDashesNothingIsASetting() {
    Arguments arguments = Arguments.of("evaluate", "--", "--a.txt");
    assertThat(arguments.settings()).isEmpty();
    assertThat(arguments.command()).containsExactly("evaluate", "--", "--a.txt");
  }

  @Test
  void settingsAloneStartTheServer() {
    for (List<String> args :
        List.of(
            List.<String>of(),
            List.of("--gpt2.model=a", "--debug"),
            List.of("--debug=true", "--trace", "--spring.profiles.active=a"),
            List.of("--gpt2.modle=a", "--"))) {
      assertThat(Arguments.of(args.toArray(String[]::new)).hasCommand()).as("%s", args).isFalse();
    }
    assertThat(Arguments.of("--gpt2.model=a", "--help").hasCommand()).isTrue();
    assertThat(Arguments.of("-h").hasCommand()).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"--model=/x", "--port=9000", "-m", "--version", "--other.port=1", "--gpt2.model"})
  void whatIsNoSettingIsLeftToTheCommands(String argument) {
    Arguments arguments = Arguments.of("--gpt2.dtype=int8", argument);
    assertThat(arguments.settings()).containsExactly("--gpt2.dtype=int8");
    assertThat(arguments.command()).containsExactly(argument);
    assertThat(arguments.hasCommand()).isTrue();
  }
}
