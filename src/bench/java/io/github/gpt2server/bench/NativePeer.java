package io.github.gpt2server.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * llama.cpp's own {@code llama-batched-bench}, built on this machine: it decodes all streams in one
 * batch, over a KV cache for each, and neither samples nor speaks HTTP. Each run is a process that
 * loads the weights and warms up before it measures. Flash attention is on and the KV cache in 16
 * bits, which were its fastest settings.
 */
final class NativePeer implements Peer {
  private static final int CONTEXT_STEP = 256;

  private final Path program;
  private final int threads;
  private final String version;

  /**
   * Asks the program for its version.
   *
   * @throws PeerMissingException if it cannot be run
   */
  NativePeer(Path program, int threads) throws PeerMissingException {
    this.program = program;
    this.threads = threads;
    try {
      this.version =
          output(List.of("--version"))
              .lines()
              .filter(line -> line.startsWith("version: "))
              .map(line -> line.substring("version: ".length()))
              .findFirst()
              .orElse("unknown version");
    } catch (IOException | IllegalStateException e) {
      throw new PeerMissingException(program + " cannot be run: " + e.getMessage(), e);
    }
  }

  @Override
  public String label() {
    return "llama.cpp";
  }

  @Override
  public String name() {
    return "llama.cpp built here (llama-batched-bench, " + version + ")";
  }

  @Override
  public Speed run(Path file, int streams, int promptTokens, int newTokens) {
    int context = (promptTokens + newTokens + CONTEXT_STEP - 1) / CONTEXT_STEP * CONTEXT_STEP;
    String values =
        "-c %d -b 2048 -ub 512 -npp %d -ntg %d -npl %d -t %d -tb %d -fa on --output-format jsonl"
            .formatted(streams * context, promptTokens, newTokens, streams, threads, threads);
    List<String> arguments = new ArrayList<>(List.of("-m", file.toString()));
    arguments.addAll(Arrays.asList(values.split(" ")));
    try {
      String output = output(arguments);
      String line =
          output
              .lines()
              .filter(candidate -> candidate.startsWith("{"))
              .findFirst()
              .orElseThrow(() -> new IllegalStateException(program + " said " + output));
      JsonNode json = JsonMapper.shared().readTree(line);
      return new Speed(json.get("speed_tg").asDouble(), 1000 * json.get("t_pp").asDouble());
    } catch (IOException e) {
      throw new IllegalStateException(program + " cannot be run", e);
    }
  }

  private String output(List<String> arguments) throws IOException {
    List<String> command = new ArrayList<>(List.of(program.toString()));
    command.addAll(arguments);
    Path output = Files.createTempFile("peer", ".txt");
    try {
      Process process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(output.toFile())
              .start();
      int code = process.onExit().join().exitValue();
      String text = Files.readString(output, StandardCharsets.UTF_8);
      if (code != 0) {
        throw new IllegalStateException("exit code %d, %s".formatted(code, text.strip()));
      }
      return text;
    } finally {
      Files.delete(output);
    }
  }

  @Override
  public void close() {
    // Every run is a process that has ended.
  }
}
