package io.github.gpt2server.bench;

import io.github.gpt2server.bench.LoadGenerator.Round;
import io.github.gpt2server.model.TorchRuntime;
import io.github.gpt2server.model.WeightType;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * Tokens a second through HTTP at 1, 4, 16 and 32 streams, the time to the first token of a
 * 512-token prompt and resident memory, each against the bare model step measured between the
 * server's rounds.
 *
 * <p>Arguments: the packaged jar, a model folder, and if wanted the weights' type, JSON fields for
 * every request, and the device.
 */
public final class Benchmark {
  private static final int PROMPT_TOKENS = 16;
  private static final int NEW_TOKENS = 96;
  private static final int LONG_PROMPT = 512;
  private static final int CHUNK = 64;
  private static final int ROUNDS = 5;
  private static final int MAX_STREAMS = 32;

  private Benchmark() {}

  /** See the class. */
  public static void main(String[] args) throws Exception {
    Path jar = Path.of(args[0]);
    Path folder = Path.of(args[1]);
    WeightType type =
        WeightType.valueOf((args.length > 2 ? args[2] : "float32").toUpperCase(Locale.ROOT));
    String fields = args.length > 3 ? args[3] : "\"temperature\":0";
    String device = args.length > 4 ? args[4] : "cpu";
    TorchRuntime.setThreads(Runtime.getRuntime().availableProcessors());
    try (StepBenchmark bare = new StepBenchmark(folder, device, type, MAX_STREAMS);
        ServerProcess server =
            new ServerProcess(
                jar,
                List.of(
                    "--gpt2.model=" + folder,
                    "--gpt2.dtype=" + type.label(),
                    "--gpt2.device=" + device))) {
      System.out.printf(
          "ready after %.1f s, %d MiB resident%n",
          server.secondsToReady(), server.residentMebibytes());
      LoadGenerator load = new LoadGenerator("127.0.0.1", server.port());
      System.out.println(
          "streams   bare tok/s   HTTP tok/s   ratio   first token ms   gap ms: median    p99    max");
      for (int streams : new int[] {1, 4, 16, MAX_STREAMS}) {
        measure(bare, load, streams, fields);
      }
      prefill(bare, load);
      System.out.printf("%d MiB resident%n", server.residentMebibytes());
    }
  }

  private static void measure(StepBenchmark bare, LoadGenerator load, int streams, String fields) {
    List<Double> bareSpeeds = new ArrayList<>();
    List<Round> rounds = new ArrayList<>();
    // The first round of each warms up what later rounds measure.
    for (int round = 0; round <= ROUNDS; round++) {
      double speed = bare.decode(streams, PROMPT_TOKENS, NEW_TOKENS);
      Round http = load.run(streams, PROMPT_TOKENS, NEW_TOKENS, fields);
      if (round > 0) {
        bareSpeeds.add(speed);
        rounds.add(http);
      }
    }
    double limit = median(bareSpeeds);
    double speed = median(rounds.stream().map(Round::tokensPerSecond).toList());
    System.out.printf(
        "%7d   %10.1f   %10.1f   %5.2f   %14.1f   %14.1f   %4.1f   %4.1f%n",
        streams,
        limit,
        speed,
        speed / limit,
        median(rounds.stream().map(Round::firstToken).toList()),
        median(rounds.stream().map(round -> round.gap(0.5)).toList()),
        median(rounds.stream().map(round -> round.gap(0.99)).toList()),
        rounds.stream().mapToDouble(round -> round.gap(1)).max().orElseThrow());
  }

  private static void prefill(StepBenchmark bare, LoadGenerator load) {
    List<Double> bareMillis = new ArrayList<>();
    List<Double> httpMillis = new ArrayList<>();
    IntStream.rangeClosed(0, ROUNDS)
        .forEach(
            round -> {
              double speed = bare.prefill(LONG_PROMPT, CHUNK, false);
              Round http = load.run(1, LONG_PROMPT, 8, "\"temperature\":0");
              if (round > 0) {
                bareMillis.add(1000 * LONG_PROMPT / speed);
                httpMillis.add(http.firstToken());
              }
            });
    System.out.printf(
        "first token of a %d-token prompt: %.0f ms (%.0f tok/s), bare step %.0f ms%n",
        LONG_PROMPT,
        median(httpMillis),
        1000 * LONG_PROMPT / median(httpMillis),
        median(bareMillis));
  }

  private static double median(List<Double> values) {
    return LoadGenerator.median(values.stream().mapToDouble(Double::doubleValue));
  }
}
