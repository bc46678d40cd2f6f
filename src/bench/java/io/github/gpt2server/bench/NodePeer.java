package io.github.gpt2server.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * llama.cpp as npm's node-llama-cpp carries it, prebuilt for many CPUs; npm installs it. {@code
 * peer.mjs} drives it through its programming interface, in one process that keeps the models.
 */
final class NodePeer implements Peer {
  private static final String VERSION = "3.22.1";

  private final Process process;
  private final Writer requests;
  private final BufferedReader answers;
  private final String release;

  /**
   * Installs node-llama-cpp into a folder, if it is not there, and starts it.
   *
   * @throws PeerMissingException if Node or npm is missing, or there is no build for this platform
   */
  NodePeer(Path folder, int threads) throws PeerMissingException {
    try {
      requireProgram("node");
      install(folder);
      process =
          new ProcessBuilder("node", "peer.mjs", String.valueOf(threads))
              .directory(folder.toFile())
              .redirectError(folder.resolve("peer.log").toFile())
              .start();
      requests = process.outputWriter(StandardCharsets.UTF_8);
      answers = process.inputReader(StandardCharsets.UTF_8);
      release = answer().get("release").asString();
    } catch (IOException | IllegalStateException e) {
      throw new PeerMissingException("node-llama-cpp does not run here: " + e.getMessage(), e);
    }
  }

  @Override
  public String label() {
    return "node-llama-cpp";
  }

  @Override
  public String name() {
    return "llama.cpp %s of node-llama-cpp %s".formatted(release, VERSION);
  }

  @Override
  public Speed run(Path file, int streams, int promptTokens, int newTokens) {
    try {
      requests.write(
          JsonMapper.shared()
              .writeValueAsString(
                  Map.of(
                      "file",
                      file.toAbsolutePath().toString(),
                      "streams",
                      streams,
                      "prompt",
                      promptTokens,
                      "tokens",
                      newTokens)));
      requests.write('\n');
      requests.flush();
      JsonNode answer = answer();
      return new Speed(
          answer.get("tokensPerSecond").asDouble(), answer.get("promptMillis").asDouble());
    } catch (IOException e) {
      throw new IllegalStateException("node-llama-cpp has ended", e);
    }
  }

  /** The next line of JSON; other lines are what libraries print. */
  private JsonNode answer() throws IOException {
    for (String line = answers.readLine(); line != null; line = answers.readLine()) {
      if (line.startsWith("{")) {
        JsonNode answer = JsonMapper.shared().readTree(line);
        if (answer.has("error")) {
          throw new IllegalStateException(answer.get("error").asString());
        }
        return answer;
      }
    }
    throw new IllegalStateException("it ended, see peer.log");
  }

  private static void install(Path folder) throws IOException, PeerMissingException {
    Files.createDirectories(folder);
    try (InputStream script =
        Objects.requireNonNull(NodePeer.class.getResourceAsStream("/bench/peer.mjs"))) {
      Files.copy(script, folder.resolve("peer.mjs"), StandardCopyOption.REPLACE_EXISTING);
    }
    if (Files.exists(folder.resolve("node_modules"))) {
      return;
    }
    requireProgram("npm");
    // Without the optional packages, which hold the builds for every other platform and GPU.
    List<String> command = new ArrayList<>(npm());
    command.addAll(
        List.of("install", "--no-audit", "--no-fund", "--ignore-scripts", "--omit=optional"));
    command.add("node-llama-cpp@" + VERSION);
    command.add("@node-llama-cpp/" + platform() + "@" + VERSION);
    Files.writeString(folder.resolve("package.json"), "{\"private\": true}\n");
    int code =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("npm.log").toFile())
            .start()
            .onExit()
            .join()
            .exitValue();
    if (code != 0) {
      throw new PeerMissingException(
          "npm could not install node-llama-cpp, see " + folder.resolve("npm.log"));
    }
  }

  /** How node-llama-cpp's packages name this platform. */
  private static String platform() throws PeerMissingException {
    String system = System.getProperty("os.name").toLowerCase(Locale.ROOT);
    String arch = System.getProperty("os.arch");
    boolean arm = arch.equals("aarch64");
    if (!arm && !arch.equals("amd64") && !arch.equals("x86_64")) {
      throw new PeerMissingException("node-llama-cpp has no build for " + arch);
    }
    if (system.startsWith("linux")) {
      return arm ? "linux-arm64" : "linux-x64";
    }
    if (system.startsWith("mac")) {
      return arm ? "mac-arm64-metal" : "mac-x64";
    }
    return arm ? "win-arm64" : "win-x64";
  }

  private static List<String> npm() {
    return System.getProperty("os.name").startsWith("Windows")
        ? List.of("cmd", "/c", "npm")
        : List.of("npm");
  }

  private static void requireProgram(String name) throws PeerMissingException {
    List<String> command = new ArrayList<>(name.equals("npm") ? npm() : List.of(name));
    command.add("--version");
    try {
      new ProcessBuilder(command).redirectErrorStream(true).start().onExit().join();
    } catch (IOException e) {
      throw new PeerMissingException("there is no " + name + " on the PATH", e);
    }
  }

  @Override
  public void close() {
    process.destroy();
    process.onExit().join();
  }
}
