package io.github.gpt2server.api.openapi;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.testing.LiveServer;
import io.github.gpt2server.testing.NodeProgram;
import io.github.gpt2server.testing.OneCore;
import io.github.gpt2server.testing.RawHttp;
import io.github.gpt2server.testing.SharedServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.util.FileSystemUtils;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;

/** The OpenAPI document in the hands of linters and of generators of clients. */
@OneCore
@SharedServer
class OpenApiToolsIT {
  private static final Path PLACE = Path.of("target/openapi").toAbsolutePath();
  private static final Path GENERATOR =
      Path.of("target/openapi-generator/openapi-generator-cli.jar");
  private static final Path PACKAGES = Path.of("src/test/npm/openapi").toAbsolutePath();
  private static final Map<String, String> PATHS =
      Map.of("3.1", "/v3/api-docs", "3.0", "/v3.0/api-docs");

  /** Fields that may be arrays, or not: the generator's Java for them does not compile. */
  private static final String SEVERAL_FORMS =
      "CompletionRequest_prompt CompletionRequest_stop"
          + " CompletionRequest_dry_sequence_breakers Sampling_dry_sequence_breakers"
          + " ScoreRequest_text NextTokenRequest_prompt EmbeddingRequest_input"
          + " Embedding_embedding InspectRequest_ablate Ablation_ablate ChatMessage_content"
          + " CompletionChoice_structured_mass NextTokenResponse_top NextTokenResult_top"
          + " ScoredToken_top_logprobs ChatTokenLogprob_top_logprobs"
          + " CompletionLogprobs_top_logprobs_inner CompletionRequest_early_stopping ";

  private static LiveServer server;

  @BeforeAll
  static void start() throws IOException {
    FileSystemUtils.deleteRecursively(PLACE);
    Files.createDirectories(PLACE);
    for (Map.Entry<String, String> version : PATHS.entrySet()) {
      try (RawHttp http = server.connect()) {
        String request = "GET %s HTTP/1.1\r\nHost: test\r\n\r\n".formatted(version.getValue());
        Files.writeString(document(version.getKey()), http.send(request).answer().body());
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"3.1", "3.0"})
  @NodeProgram.Needed("openapi")
  void redoclyFindsNoError(String version) throws Exception {
    NodeProgram.Result result =
        NodeProgram.command("openapi", "@redocly/cli", "redocly")
            .run(
                Map.of("REDOCLY_TELEMETRY", "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE", "true"),
                "lint",
                document(version).toString());
    assertThat(result.exitCode()).as(result.output()).isZero();
    assertThat(result.output()).contains("Your API description is valid");
  }

  @ParameterizedTest
  @ValueSource(strings = {"3.1", "3.0"})
  @NodeProgram.Needed("openapi")
  void spectralFindsNoError(String version) throws Exception {
    NodeProgram.Result result =
        NodeProgram.command("openapi", "@stoplight/spectral-cli", "spectral")
            .run("lint", "--ruleset", "spectral.yaml", document(version).toString());
    assertThat(result.exitCode()).as(result.output()).isZero();
    assertThat(result.output()).containsAnyOf("(0 errors", "No results with a severity");
  }

  @Test
  @NodeProgram.Needed("openapi")
  void typesOfOpenapiTypescriptCompile() throws Exception {
    Path folder = Files.createDirectories(PLACE.resolve("types"));
    NodeProgram.Result result =
        NodeProgram.command("openapi", "openapi-typescript", "openapi-typescript")
            .run(
                document("3.1").toString(),
                "--default-non-nullable=false",
                "--output",
                folder.resolve("schema.ts").toString());
    assertThat(result.exitCode()).as(result.output()).isZero();
    compileTypescript(folder, "types.ts", "nodenext");
  }

  /** From the document in 3.0; it writes no arrays of arrays, for want of the generator. */
  @Test
  @NodeProgram.Needed("openapi")
  void theTypescriptClientLosesNothing() throws Exception {
    Path folder = Files.createDirectories(PLACE.resolve("typescript"));
    generate("3.0", folder.resolve("client"), "typescript-fetch");
    compileTypescript(folder, "round-trip.ts", "commonjs");
    NodeProgram.Result result =
        NodeProgram.script("openapi", folder.resolve("out/round-trip.js").toString()).run(base());
    assertThat(result.exitCode()).as(result.output()).isZero();
    expectWhatTheServerSays(result.output());
  }

  /** From the document in 3.1. */
  @Test
  void theJavaClientLosesNothing() throws Exception {
    Path folder = PLACE.resolve("java");
    generate(
        "3.1",
        folder,
        "java",
        "--library=native",
        "--schema-mappings=" + SEVERAL_FORMS.replace(" ", "=Object,"),
        "--additional-properties=openApiNullable=false,useJakartaEe=true",
        "--global-property=apis,models,supportingFiles,apiTests=false,modelTests=false");
    Path classes = Files.createDirectories(folder.resolve("classes"));
    compileJava(folder, classes);
    try (URLClassLoader loader = new URLClassLoader(new URL[] {classes.toUri().toURL()})) {
      @SuppressWarnings("unchecked")
      Function<String, String> roundTrip =
          (Function<String, String>)
              loader.loadClass("RoundTrip").getDeclaredConstructor().newInstance();
      expectWhatTheServerSays(roundTrip.apply(base()));
    }
  }

  private static String base() {
    return server.base().toString().replaceFirst("/$", "");
  }

  private static Path document(String version) {
    return PLACE.resolve(version + ".json");
  }

  /** What RoundTrip.java and round-trip.ts ask, asked without a client. */
  private static void expectWhatTheServerSays(String seen) throws IOException {
    JsonNode score = server.ask("/v1/score", "{\"text\":\"Once upon a time\"}");
    JsonNode scores = server.ask("/v1/score", "{\"text\":[\"A king\",\"A queen\"]}");
    JsonNode ranked =
        server.ask(
            "/v1/score", "{\"prompt\":\"The king was\",\"continuations\":[\" angry\",\" happy\"]}");
    JsonNode next = server.ask("/v1/next-token", "{\"prompt\":\"The king\",\"top_k\":2}");
    JsonNode completion =
        server.ask(
            "/v1/completions",
            "{\"prompt\":[\"The king\",\"A queen\"],\"max_tokens\":0,\"echo\":true,\"logprobs\":2}");
    ArrayNode expected = JsonMapper.shared().createArrayNode();
    expected.add(score.get("log_likelihood"));
    expected.add(each(score, "tokens", "/logprob"));
    expected.add(each(scores, "results", "/perplexity"));
    expected.add(each(ranked, "continuations", "/text"));
    expected.add(each(next, "top", "/probability"));
    expected.addNull();
    expected.add(each(completion, "choices", "/logprobs/token_logprobs"));
    expected.addArray().addNull().addNull();
    expected.addArray().add("length").add("length");
    expected.add(true);
    assertThat(JsonMapper.shared().readTree(seen)).isEqualTo(expected);
    assertThat(score.get("tokens")).hasSize(4);
  }

  private static ArrayNode each(JsonNode answer, String list, String pointer) {
    ArrayNode values = JsonMapper.shared().createArrayNode();
    answer.get(list).forEach(item -> values.add(item.at(pointer)));
    return values;
  }

  private static void generate(String version, Path output, String... options)
      throws IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                // It is over before compiling more would pay.
                "-XX:TieredStopAtLevel=1",
                "-jar",
                GENERATOR.toString(),
                "generate",
                "--input-spec=" + document(version),
                "--output=" + output,
                "--generator-name"));
    command.addAll(List.of(options));
    Path log = PLACE.resolve("%s-%s.log".formatted(options[0], version));
    Process process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    assertThat(process.waitFor(120, TimeUnit.SECONDS)).as("it ends").isTrue();
    assertThat(process.exitValue()).as(Files.readString(log)).isZero();
  }

  private static void compileJava(Path sources, Path classes) throws IOException {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "-proc:none",
                "-nowarn",
                "-classpath",
                System.getProperty("java.class.path"),
                "-d",
                classes.toString(),
                "src/test/openapi/RoundTrip.java"));
    try (Stream<Path> files = Files.walk(sources)) {
      files
          .filter(file -> file.toString().endsWith(".java"))
          .forEach(file -> arguments.add(file.toString()));
    }
    ByteArrayOutputStream output = new ByteArrayOutputStream();
    int code =
        ToolProvider.getSystemJavaCompiler()
            .run(null, output, output, arguments.toArray(String[]::new));
    assertThat(code).as(output.toString(StandardCharsets.UTF_8)).isZero();
  }

  /** Compiles a program of the packages' folder, and what it uses, as strictly as is possible. */
  private static void compileTypescript(Path folder, String program, String module)
      throws Exception {
    Files.copy(PACKAGES.resolve(program), folder.resolve(program));
    boolean old = module.equals("commonjs");
    Map<String, Object> options =
        Map.of(
            "strict",
            true,
            "target",
            "es2022",
            "module",
            module,
            "moduleResolution",
            old ? "node10" : module,
            "lib",
            List.of("es2022", "dom", "dom.iterable"),
            "types",
            List.of(),
            "paths",
            Map.of("openapi-fetch", List.of(PACKAGES + "/node_modules/openapi-fetch")),
            "outDir",
            folder.resolve("out").toString());
    Files.writeString(
        folder.resolve("tsconfig.json"),
        JsonMapper.shared()
            .writeValueAsString(Map.of("compilerOptions", options, "files", List.of(program))));
    NodeProgram.Result result =
        NodeProgram.command("openapi", "typescript", "tsc").run("--project", folder.toString());
    assertThat(result.exitCode()).as(result.output()).isZero();
  }
}
