package io.github.gpt2server.model.torch;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The program's text is that of its files, each of which is Python by itself. */
class ProgramSourceTest {
  private static final Path FOLDER = Path.of("src/main/resources/gpt2");
  private static final String CLASS = "class Gpt2(Module):";

  /** Nothing is added to the files' lines but the one class line, and none is left out. */
  @ParameterizedTest
  @EnumSource(Kernels.class)
  void isTheFilesFunctionsAndThenTheirMethodsUnderOneClass(Kernels kernels) throws Exception {
    List<String> functions = new ArrayList<>();
    List<String> methods = new ArrayList<>();
    for (String file : ProgramSource.files(kernels)) {
      List<String> lines = Files.readAllLines(FOLDER.resolve(file));
      int at = lines.indexOf(CLASS);
      functions.addAll(lines.subList(0, at < 0 ? lines.size() : at));
      methods.addAll(at < 0 ? List.of() : lines.subList(at + 1, lines.size()));
    }
    functions.add(CLASS);
    functions.addAll(methods);
    assertThat(ProgramSource.of(kernels).text().lines().filter(line -> !line.isBlank()))
        .containsExactlyElementsOf(functions.stream().filter(line -> !line.isBlank()).toList());
  }

  @Test
  void everyFileIsPartOfAProgram() throws Exception {
    TreeSet<String> packed = new TreeSet<>(List.of("gpu_count.py"));
    for (Kernels kernels : Kernels.values()) {
      packed.addAll(ProgramSource.files(kernels));
    }
    assertThat(packed).containsExactlyElementsOf(files());
  }

  /**
   * A file continues nothing: its first line of code begins at the margin, and what is indented
   * stands below a line that ends with a colon or an open bracket.
   */
  @Test
  void everyFileParsesAlone() throws Exception {
    for (String file : files()) {
      List<String> code =
          Files.readAllLines(FOLDER.resolve(file)).stream()
              .filter(line -> !line.isBlank() && !line.strip().startsWith("#"))
              .toList();
      assertThat(code.get(0)).as(file).matches("(def|class) .*");
      assertThat(code.stream().filter(line -> line.startsWith("class Gpt2")))
          .as(file)
          .hasSizeLessThanOrEqualTo(1)
          .allMatch(CLASS::equals);
      int last = code.lastIndexOf(CLASS);
      assertThat(code.subList(last + 1, code.size()).stream().filter(l -> !l.startsWith(" ")))
          .as("what follows the class in " + file)
          .hasSize(last < 0 ? (int) code.stream().filter(l -> !l.startsWith(" ")).count() : 0);
    }
    assertThat(python()).isIn("", "no python3");
  }

  /** What Python's own parser says of the files, where there is one. */
  private static String python() throws Exception {
    List<String> command = new ArrayList<>();
    command.addAll(
        List.of(
            "python3",
            "-c",
            "import ast, sys; [ast.parse(open(f).read(), f) for f in sys.argv[1:]]"));
    for (String file : files()) {
      command.add(FOLDER.resolve(file).toString());
    }
    Process process;
    try {
      process = new ProcessBuilder(command).redirectErrorStream(true).start();
    } catch (IOException absent) {
      return "no python3";
    }
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
    return output;
  }

  private static List<String> files() throws Exception {
    try (Stream<Path> files = Files.list(FOLDER)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.endsWith(".py"))
          .sorted()
          .toList();
    }
  }

  @Test
  void numberTypesAreNamedEverywhere() throws Exception {
    for (String file : files()) {
      assertThat(Files.readString(FOLDER.resolve(file)))
          .as(file)
          .doesNotContainPattern("dtype *=+ *[0-9]");
    }
  }

  @Test
  void listsAndOptionalValuesBeginEmpty() {
    ProgramSource source =
        new ProgramSource(
            """

            class Gpt2(Module):
              a : List[Tensor]  # one
              b : Optional[__torch__.Two]
              c : List[__torch__.Three]
              d : List[float]
              e : int
            """);
    Map<String, Object> expected = new HashMap<>();
    expected.put("training", false);
    expected.put("a", TorchScriptArchive.NO_TENSORS);
    expected.put("b", null);
    expected.put("c", TorchScriptArchive.NO_TUPLES);
    expected.put("d", List.of(1.5));
    expected.put("e", 7);
    assertThat(source.attributes(Map.of("d", List.of(1.5), "e", 7))).isEqualTo(expected);
    assertThat(ProgramSource.of(Kernels.LIBTORCH).attributes(Map.of()))
        .containsKeys("kv_cache", "wte", "blocks");
  }
}
