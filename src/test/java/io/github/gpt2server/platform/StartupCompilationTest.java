package io.github.gpt2server.platform;

import static org.assertj.core.api.Assertions.assertThat;

import javax.management.JMException;
import org.junit.jupiter.api.Test;

class StartupCompilationTest {

  @Test
  void springIsLeftToTheQuickCompilerWhileTheServerStarts() throws JMException {
    String before = directives();

    StartupCompilation compilation = StartupCompilation.begin();
    compilation.awaitBegun();

    assertThat(before).doesNotContain("org/springframework/*.*");
    assertThat(directives()).contains("org/springframework/*.*", "Exclude:true");

    compilation.end();

    assertThat(directives()).isEqualTo(before);
  }

  private static String directives() throws JMException {
    return StartupCompilation.run("compilerDirectivesPrint");
  }
}
