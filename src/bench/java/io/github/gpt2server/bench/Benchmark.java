package io.github.gpt2server.bench;

import io.github.gpt2server.bench.Measurement.Decoding;
import io.github.gpt2server.bench.Measurement.Load;
import io.github.gpt2server.bench.Measurement.PeerFile;
import io.github.gpt2server.bench.Measurement.Result;
import io.github.gpt2server.model.checkpoint.Gpt2Config;
import io.github.gpt2server.model.torch.TorchRuntime;
import io.github.gpt2server.model.torch.WeightType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/**
 * The whole benchmark: makes random weights of a published size, starts the packaged server, drives
 * it at several numbers of streams and types of weights, between rounds of the bare model step and
 * of llama.cpp, and writes what it found as a page and a chart.
 */
@Command(
    name = "benchmark",
    mixinStandardHelpOptions = true,
    description = "Measures the server through HTTP, the bare model step and llama.cpp in turn.")
public final class Benchmark implements Callable<Integer> {
  private static final int PROMPT_TOKENS = 16;
  private static final int LONG_PROMPT = 512;

  @Parameters(
      paramLabel = "MODEL",
      defaultValue = "gpt2",
      description =
          "distilgpt2, gpt2, gpt2-medium, gpt2-large or gpt2-xl with random weights, or a model's"
              + " folder (default: ${DEFAULT-VALUE})")
  private String model;

  @Option(
      names = "--dtypes",
      split = ",",
      defaultValue = "float32,bfloat16,int8",
      description = "types of the server's weights (default: ${DEFAULT-VALUE})")
  private List<String> dtypes;

  @Option(
      names = "--streams",
      split = ",",
      defaultValue = "1,4,16,32",
      description = "numbers of clients at once (default: ${DEFAULT-VALUE})")
  private List<Integer> streams;

  @Option(names = "--rounds", defaultValue = "5", description = "(default: ${DEFAULT-VALUE})")
  private int rounds;

  @Option(
      names = "--tokens",
      defaultValue = "96",
      description = "new tokens of each stream (default: ${DEFAULT-VALUE})")
  private int tokens;

  @Option(
      names = "--threads",
      defaultValue = "0",
      description = "of the server, the bare step and the peers (default: one for each core)")
  private int threads;

  @Option(
      names = "--no-node",
      description = "leave out node-llama-cpp, which npm installs otherwise")
  private boolean noNode;

  @Option(
      names = "--native",
      paramLabel = "PROGRAM",
      description = "compare with this llama-batched-bench of llama.cpp too")
  private Path nativeProgram;

  @Option(names = "--device", defaultValue = "cpu", description = "cpu or cuda:N, without peers")
  private String device;

  @Option(
      names = "--fields",
      defaultValue = "\"temperature\":0",
      description = "JSON fields of every request (default: ${DEFAULT-VALUE})")
  private String fields;

  @Option(
      names = "--server",
      paramLabel = "SETTING",
      description = "a further setting of the server, such as --server=--gpt2.max-queue=8")
  private List<String> settings = List.of();

  @Option(names = "--jar", description = "the packaged server (default: the one in target)")
  private Path jar;

  @Option(
      names = "--work",
      defaultValue = "target/bench",
      description = "where weights, logs and node-llama-cpp are stored (default: ${DEFAULT-VALUE})")
  private Path work;

  @Option(
      names = "--output",
      defaultValue = "docs",
      description = "where benchmark.md and benchmark.svg go (default: ${DEFAULT-VALUE})")
  private Path output;

  @Spec private CommandSpec spec;

  private Benchmark() {}

  /** See {@code --help}. */
  public static void main(String[] args) {
    int code = new CommandLine(new Benchmark()).execute(args);
    if (code != 0) {
      System.exit(code);
    }
  }

  @Override
  public Integer call() throws Exception {
    List<WeightType> types = dtypes.stream().map(this::weightType).toList();
    Path packaged = jar == null ? packagedJar() : jar;
    if (!Files.isRegularFile(packaged)) {
      throw wrong(packaged + " does not exist");
    }
    int cores = threads == 0 ? Runtime.getRuntime().availableProcessors() : threads;
    Files.createDirectories(work);
    Path folder = folder();
    List<Peer> peers = new ArrayList<>();
    List<String> remarks = new ArrayList<>();
    try {
      findPeers(cores, peers, remarks);
      remarks.forEach(System.out::println);
      TorchRuntime.setThreads(cores);
      MemoryBandwidth memory = new MemoryBandwidth(cores);
      List<Result> results = new ArrayList<>();
      for (WeightType type : types) {
        results.add(measure(packaged, folder, type, cores, memory, files(folder, type, peers)));
      }
      BenchmarkReport report =
          new BenchmarkReport(new BenchmarkReport.Setup(model, cores, load(), remarks), results);
      Files.createDirectories(output);
      Files.writeString(output.resolve("benchmark.svg"), SpeedChart.svg(results));
      Files.writeString(output.resolve("benchmark.md"), report.markdown());
      System.out.println(report.tables());
      System.out.printf("Written to %s and benchmark.svg%n", output.resolve("benchmark.md"));
    } finally {
      peers.forEach(Peer::close);
    }
    return 0;
  }

  private Load load() {
    return new Load(rounds, PROMPT_TOKENS, tokens, LONG_PROMPT, streams, fields);
  }

  private Path folder() throws IOException {
    Gpt2Shape shape = Gpt2Shape.PUBLISHED.get(model);
    if (shape == null) {
      Path folder = Path.of(model);
      if (!Files.isDirectory(folder)) {
        throw wrong(
            "%s is neither a folder nor one of %s"
                .formatted(model, String.join(", ", Gpt2Shape.PUBLISHED.keySet())));
      }
      return folder;
    }
    Path folder = work.resolve(model);
    System.out.println("Random weights in " + folder);
    RandomCheckpoint.write(folder, shape);
    return folder;
  }

  private void findPeers(int cores, List<Peer> peers, List<String> remarks) {
    if (!device.equals("cpu")) {
      remarks.add("Peers run on the CPU and are not compared with " + device + ".");
      return;
    }
    try {
      if (nativeProgram != null) {
        peers.add(new NativePeer(nativeProgram, cores));
      }
    } catch (PeerMissingException e) {
      remarks.add("No llama.cpp built here: " + e.getMessage() + ".");
    }
    try {
      if (!noNode) {
        peers.add(new NodePeer(work.resolve("node-llama-cpp"), cores));
      }
    } catch (PeerMissingException e) {
      remarks.add("No node-llama-cpp: " + e.getMessage() + ".");
    }
  }

  private List<PeerFile> files(Path folder, WeightType type, List<Peer> peers) throws IOException {
    List<PeerFile> files = new ArrayList<>();
    for (Peer peer : peers) {
      for (GgufType stored : Measurement.COUNTERPARTS.getOrDefault(type, List.of())) {
        Path file = work.resolve(folder.getFileName() + "-" + stored + ".gguf");
        GgufFile.write(folder, stored, file);
        files.add(new PeerFile(peer, stored, file));
      }
    }
    return files;
  }

  private Result measure(
      Path packaged,
      Path folder,
      WeightType type,
      int cores,
      MemoryBandwidth memory,
      List<PeerFile> peers)
      throws IOException, InterruptedException {
    int slots = streams.stream().mapToInt(Integer::intValue).max().orElseThrow();
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "--gpt2.model=" + folder,
                "--gpt2.dtype=" + type.label(),
                "--gpt2.device=" + device,
                "--gpt2.threads=" + cores,
                "--gpt2.max-sequences=" + slots));
    arguments.addAll(settings);
    Path log = work.resolve("server-" + type.label() + ".log");
    System.out.printf("%s: the server's log is %s%n", type.label(), log);
    try (StepBenchmark bare = new StepBenchmark(folder, device, type, slots);
        ServerProcess server = new ServerProcess(packaged, arguments, log)) {
      Measurement measurement =
          new Measurement(
              bare, new LoadGenerator("127.0.0.1", server.port()), memory, peers, load());
      long atStart = server.residentMebibytes();
      measurement.warmUp();
      List<Decoding> decodings = new ArrayList<>();
      for (int count : streams) {
        Decoding decoding = measurement.decode(count);
        decodings.add(decoding);
        System.out.printf(
            Locale.ROOT,
            "%s, %d streams: %s tok/s through HTTP, %s bare%n",
            type.label(),
            count,
            Spread.of(decoding.http()).text("%.0f"),
            Spread.of(decoding.steps()).text("%.0f"));
      }
      return new Result(
          type,
          peers,
          decodings,
          measurement.prefill(),
          StepBytes.ofWeights(Gpt2Config.read(folder), type),
          server.secondsToReady(),
          atStart,
          server.residentMebibytes());
    }
  }

  private ParameterException wrong(String message) {
    return new ParameterException(spec.commandLine(), message);
  }

  private WeightType weightType(String label) {
    return Stream.of(WeightType.values())
        .filter(type -> type.label().equals(label))
        .findFirst()
        .orElseThrow(() -> wrong("there is no dtype " + label));
  }

  private Path packagedJar() throws IOException {
    Path target = Path.of("target");
    if (Files.isDirectory(target)) {
      try (Stream<Path> files = Files.list(target)) {
        List<Path> jars =
            files
                .filter(file -> file.getFileName().toString().matches("gpt2-server-[^-]*\\.jar"))
                .sorted()
                .toList();
        if (!jars.isEmpty()) {
          return jars.get(jars.size() - 1);
        }
      }
    }
    throw wrong("there is no packaged server in target: run mvn package -DskipTests first");
  }
}
