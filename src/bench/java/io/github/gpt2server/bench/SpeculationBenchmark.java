package io.github.gpt2server.bench;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/**
 * Throughput with speculative decoding: tokens a second through HTTP at 1, 4 and 16 streams of a
 * server that speculates against one that does not, in turns in the same run.
 *
 * <p>Arguments: the packaged jar, a model folder, the weights' type, and JSON fields for every
 * request, such as {@code "temperature":0}, under which most models repeat themselves soon, or
 * {@code "temperature":1}; and if wanted the number of rounds, 5 unless given, and a draft model.
 */
public final class SpeculationBenchmark {
  private static final int PROMPT_TOKENS = 16;
  private static final int NEW_TOKENS = 160;
  private static final int MAX_STREAMS = 16;

  private SpeculationBenchmark() {}

  /** See the class. */
  public static void main(String[] args) throws Exception {
    String[] fixed = {
      "--gpt2.model=" + args[1],
      "--gpt2.dtype=" + args[2],
      "--gpt2.max-sequences=" + MAX_STREAMS,
      "--gpt2.prefix-cache-tokens=0"
    };
    String[] drafts =
        args.length > 5
            ? new String[] {"--gpt2.draft-model=" + args[5]}
            : new String[] {"--gpt2.speculation=ngram"};
    try (ServerProcess off = server(args[0], fixed, "--gpt2.speculation=off");
        ServerProcess speculating = server(args[0], fixed, drafts)) {
      System.out.println(
          "streams   off tok/s: median (least, most)   with drafts: median  (least, most)   ratio"
              + "   drafted   accepted");
      for (int streams : new int[] {1, 4, MAX_STREAMS}) {
        measure(
            off, speculating, streams, args[3], args.length > 4 ? Integer.parseInt(args[4]) : 5);
      }
    }
  }

  private static ServerProcess server(String jar, String[] fixed, String... speculation)
      throws Exception {
    List<String> arguments =
        Stream.concat(Arrays.stream(fixed), Arrays.stream(speculation)).toList();
    return new ServerProcess(Path.of(jar), arguments);
  }

  private static void measure(
      ServerProcess off, ServerProcess speculatingServer, int streams, String fields, int rounds)
      throws Exception {
    LoadGenerator plainLoad = new LoadGenerator("127.0.0.1", off.port());
    LoadGenerator speculatingLoad = new LoadGenerator("127.0.0.1", speculatingServer.port());
    double[] plain = new double[rounds];
    double[] speculating = new double[rounds];
    double drafted = counter(speculatingServer, "draft");
    double accepted = counter(speculatingServer, "accepted");
    // The first round of each warms up what later rounds measure.
    for (int round = -1; round < rounds; round++) {
      double withoutDrafts = speed(plainLoad, streams, fields);
      double withDrafts = speed(speculatingLoad, streams, fields);
      if (round >= 0) {
        plain[round] = withoutDrafts;
        speculating[round] = withDrafts;
      }
    }
    Arrays.sort(plain);
    Arrays.sort(speculating);
    System.out.printf(
        "%7d   %11.1f (%.1f, %.1f)   %15.1f (%.1f, %.1f)   %.2f   %7.0f   %5.0f%n",
        streams,
        plain[rounds / 2],
        plain[0],
        plain[rounds - 1],
        speculating[rounds / 2],
        speculating[0],
        speculating[rounds - 1],
        speculating[rounds / 2] / plain[rounds / 2],
        counter(speculatingServer, "draft") - drafted,
        counter(speculatingServer, "accepted") - accepted);
  }

  private static double speed(LoadGenerator load, int streams, String fields) {
    return load.run(streams, PROMPT_TOKENS, NEW_TOKENS, fields).tokensPerSecond();
  }

  private static double counter(ServerProcess server, String kind)
      throws IOException, InterruptedException {
    URI metrics = URI.create("http://127.0.0.1:" + server.port() + "/metrics");
    String name = "gpt2_spec_decode_num_" + kind + "_tokens_total ";
    return HttpClient.newHttpClient()
        .send(HttpRequest.newBuilder(metrics).build(), HttpResponse.BodyHandlers.ofString())
        .body()
        .lines()
        .filter(line -> line.startsWith(name))
        .mapToDouble(line -> Double.parseDouble(line.substring(name.length())))
        .findAny()
        .orElseThrow();
  }
}
