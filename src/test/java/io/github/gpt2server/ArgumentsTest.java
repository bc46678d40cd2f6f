package io.github.gpt2server;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

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
            "--gpt2.strict-fields",
            "--field=a.b",
            "--json");
    assertThat(arguments.settings())
        .containsExactly("--gpt2.model=x.y", "--server.port=1", "--debug", "--gpt2.strict-fields");
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
  void optionsAloneStartTheServer() {
    for (List<String> args :
        List.of(
            List.<String>of(),
            List.of("--gpt2.model=a", "--debug"),
            List.of("--something=else", "-x"))) {
      assertThat(Arguments.of(args.toArray(String[]::new)).hasCommand()).as("%s", args).isFalse();
    }
    assertThat(Arguments.of("--gpt2.model=a", "--help").hasCommand()).isTrue();
    assertThat(Arguments.of("-h").hasCommand()).isTrue();
  }
}
