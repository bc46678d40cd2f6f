package io.github.gpt2server.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.boot.settings.Gpt2Properties;
import io.github.gpt2server.deploy.Dockerfile.Instruction;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Dockerfile and docker/Dockerfile.cuda; docker/test-images.sh builds and runs the former. */
class DockerfileTest {
  private static final String CPU = "Dockerfile";
  private static final String CUDA = "docker/Dockerfile.cuda";
  private static final Pattern SECRET = Pattern.compile("TOKEN|SECRET|PASSW|API_?KEY|CREDENTIAL");

  @ParameterizedTest
  @ValueSource(strings = {CPU, CUDA})
  void everyStageBeginsWithAnImageThatCanBeReplacedAndHasAVersion(String file) {
    Dockerfile dockerfile = Dockerfile.read(Path.of(file));
    Map<String, String> arguments = dockerfile.assigned("ARG");
    Set<String> stages = new HashSet<>();
    for (Instruction from : dockerfile.all("FROM")) {
      String[] words = from.arguments().replaceAll("--\\S+ ", "").split("\\s+", -1);
      if (!stages.contains(words[0])) {
        assertThat(words[0]).matches("\\$\\{[A-Z]+_IMAGE}");
        assertThat(arguments.get(words[0].substring(2, words[0].length() - 1)))
            .as(words[0])
            // The registry is named, so that no engine's list of registries decides.
            .matches("docker\\.io/[a-z]+/[a-z-]+:\\d[\\w.-]+");
      }
      if (words.length > 2) {
        stages.add(words[2]);
      }
    }
  }

  @Test
  void bothHaveTheSameJavaAsTheBuildAndTheProgramCanRunOnIt() {
    Map<String, String> cpu = Dockerfile.read(Path.of(CPU)).assigned("ARG");
    Map<String, String> cuda = Dockerfile.read(Path.of(CUDA)).assigned("ARG");
    assertThat(cuda.get("JRE_IMAGE")).isEqualTo(cpu.get("JRE_IMAGE"));
    assertThat(cuda.get("MAVEN_IMAGE")).isEqualTo(cpu.get("MAVEN_IMAGE"));
    String java = cpu.get("JRE_IMAGE").replaceAll(".*:(\\d+)-jre-.*", "$1");
    assertThat(cpu.get("MAVEN_IMAGE")).contains("-eclipse-temurin-" + java + "-");
    assertThat(Integer.parseInt(java))
        .isGreaterThanOrEqualTo(Integer.parseInt(Project.pom("java.version")));
  }

  @ParameterizedTest
  @ValueSource(strings = {CPU, CUDA})
  void runsAsANumberedUserWhoIsNotRoot(String file) {
    List<Instruction> image = Dockerfile.read(Path.of(file)).image().instructions();
    Instruction user = new Instruction("USER", "10001:10001");
    assertThat(image).contains(user);
    assertThat(image.subList(image.indexOf(user) + 1, image.size()))
        .extracting(Instruction::name)
        .as("what is done after it would be done by that user")
        .containsOnly("EXPOSE", "STOPSIGNAL", "HEALTHCHECK", "ENTRYPOINT");
  }

  @ParameterizedTest
  @ValueSource(strings = {CPU, CUDA})
  void startsJavaWithoutAShellSoThatItGetsTheSignal(String file) {
    Dockerfile image = Dockerfile.read(Path.of(file)).image();
    List<String> command = image.last("ENTRYPOINT").orElseThrow().exec();
    assertThat(command).startsWith("java").endsWith("-jar", "/app/gpt2-server.jar");
    assertThat(image.last("CMD")).isEmpty();
    assertThat(image.last("STOPSIGNAL")).contains(new Instruction("STOPSIGNAL", "SIGTERM"));
    assertThat(command).contains("-XX:AOTCache=/app/gpt2-server.aot");
    assertThat(image.all("COPY"))
        .contains(new Instruction("COPY", "--from=training /app/gpt2-server.aot ./"));
  }

  @ParameterizedTest
  @ValueSource(strings = {CPU, CUDA})
  void asksForItsHealthByTheScriptThatIsInIt(String file) {
    Dockerfile image = Dockerfile.read(Path.of(file)).image();
    assertThat(image.last("HEALTHCHECK").orElseThrow().exec())
        .containsExactly("/app/healthcheck.sh");
    assertThat(image.all("COPY")).contains(new Instruction("COPY", "docker/healthcheck.sh ./"));
    assertThat(image.last("WORKDIR")).contains(new Instruction("WORKDIR", "/app"));
    assertThat(Files.isExecutable(Path.of("docker/healthcheck.sh"))).isTrue();
    assertThat(Project.text(Path.of("docker/healthcheck.sh")))
        .contains("${SERVER_PORT:-%d}".formatted(Project.serverPort()), "GET %s/health HTTP");
  }

  @ParameterizedTest
  @ValueSource(strings = {CPU, CUDA})
  void exposesThePortOfTheServer(String file) {
    assertThat(Dockerfile.read(Path.of(file)).image().all("EXPOSE"))
        .containsExactly(new Instruction("EXPOSE", "" + Project.serverPort()));
  }

  @ParameterizedTest
  @ValueSource(strings = {CPU, CUDA})
  void saysWhatItIs(String file) {
    Dockerfile image = Dockerfile.read(Path.of(file)).image();
    assertThat(image.assigned("ARG")).containsEntry("VERSION", Project.pom("version"));
    assertThat(image.assigned("LABEL"))
        .containsEntry("org.opencontainers.image.title", Project.pom("artifactId"))
        .containsEntry("org.opencontainers.image.licenses", "Apache-2.0")
        .containsEntry("org.opencontainers.image.version", "${VERSION}")
        .containsEntry("org.opencontainers.image.revision", "${REVISION}")
        .containsEntry("org.opencontainers.image.created", "${CREATED}")
        .containsKey("org.opencontainers.image.description");
  }

  @ParameterizedTest
  @ValueSource(strings = {CPU, CUDA})
  void holdsNoSecretsAndCopiesNothingByChance(String file) {
    Dockerfile dockerfile = Dockerfile.read(Path.of(file));
    for (String name : List.of("ARG", "ENV", "LABEL")) {
      assertThat(dockerfile.assigned(name).keySet())
          .noneMatch(text -> SECRET.matcher(text.toUpperCase(Locale.ROOT)).find());
    }
    assertThat(dockerfile.all("ADD")).isEmpty();
    Set<String> allowed =
        Project.text(Path.of(".dockerignore"))
            .lines()
            .filter(line -> line.startsWith("!"))
            .map(line -> line.substring(1))
            .collect(Collectors.toSet());
    for (Instruction copy : dockerfile.all("COPY")) {
      List<String> words = List.of(copy.arguments().split("\\s+", -1));
      if (words.get(0).startsWith("--from=")) {
        continue;
      }
      for (String source : words.subList(0, words.size() - 1)) {
        assertThat(Path.of(source)).exists();
        assertThat(allowed)
            .as(".dockerignore lets %s through", source)
            .anyMatch(pattern -> source.matches(pattern.replace(".", "\\.").replace("*", "[^/]*")));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {CPU, CUDA})
  void settingsInTheEnvironmentExist(String file) {
    Set<String> settings =
        Arrays.stream(Gpt2Properties.class.getRecordComponents())
            .map(RecordComponent::getName)
            .map(name -> "GPT2_" + name.toUpperCase(Locale.ROOT))
            .collect(Collectors.toSet());
    assertThat(settings).contains("GPT2_DEVICE");
    assertThat(Dockerfile.read(Path.of(file)).image().assigned("ENV").keySet())
        .filteredOn(name -> name.startsWith("GPT2_"))
        .isSubsetOf(settings);
  }

  @Test
  void cudaHasTheLibtorchThatTheProgramIsBuiltFor() {
    Dockerfile cuda = Dockerfile.read(Path.of(CUDA));
    String version = Project.pom("libtorch.version");
    assertThat(cuda.assigned("ARG").get("LIBTORCH_URL"))
        .endsWith("/cu128/libtorch-cxx11-abi-shared-with-deps-" + version + "%2Bcu128.zip");
    assertThat(cuda.image().assigned("ENV"))
        .containsEntry("PYTORCH_FLAVOR", "cu128")
        .containsEntry("GPT2_DEVICE", "cuda");
    assertThat(cuda.assigned("ARG").get("CUDA_IMAGE")).contains(":12.8.");
    assertThat(cuda.all("RUN"))
        .extracting(Instruction::arguments)
        .anyMatch(run -> run.contains(" amd64 cu128 /cuda"));
  }

  @Test
  void nativeLibrariesLieWhereTheEnvironmentSays() {
    Stream.of(CPU, CUDA)
        .map(file -> Dockerfile.read(Path.of(file)).image())
        .forEach(
            image -> {
              assertThat(image.assigned("ENV"))
                  .containsEntry("PYTORCH_LIBRARY_PATH", "/app/native")
                  .containsEntry("RUST_LIBRARY_PATH", "/app/native/libtokenizers.so")
                  .containsEntry("KERNELS_LIBRARY_PATH", "/app/native/libgpt2kernels.so")
                  .containsEntry("HF_HUB_CACHE", "/models");
              assertThat(image.last("ENTRYPOINT").orElseThrow().exec())
                  .contains(
                      "-Djna.boot.library.path=/app/native", "-Dlibrary.jline.path=/app/native");
              assertThat(image.all("COPY"))
                  .extracting(Instruction::arguments)
                  .anyMatch(copy -> copy.matches("--from=build \\S+/native native/"));
            });
  }
}
