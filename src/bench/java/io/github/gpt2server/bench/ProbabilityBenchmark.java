package io.github.gpt2server.bench;

import io.github.gpt2server.bench.LoadGenerator.Round;
import io.github.gpt2server.model.torch.TorchRuntime;
import io.github.gpt2server.model.torch.WeightType;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import tools.jackson.databind.json.JsonMapper;

/**
 * What probabilities cost: log-probabilities of 16 streams against none, the prefix cache cold and
 * hot, scoring against reading a prompt, and what a long score does to a stream. Everything through
 * HTTP, the things that are compared in turn on one server; medians of five rounds.
 *
 * <p>Arguments: the packaged jar, a model folder with a context of 1,024, a text file, and if
 * wanted the weights' type and the device.
 */
public final class ProbabilityBenchmark {
  private static final int ROUNDS = 5;
  private static final int STREAMS = 16;
  private static final int NEW_TOKENS = 64;
  private static final String GREEDY = "\"temperature\":0";

  private final LoadGenerator load;
  private final HttpClient http = HttpClient.newHttpClient();
  private final URI base;

  private ProbabilityBenchmark(int port) {
    load = new LoadGenerator("127.0.0.1", port);
    base = URI.create("http://127.0.0.1:" + port);
  }

  /** See the class. */
  public static void main(String[] args) throws Exception {
    Path jar = Path.of(args[0]);
    Path folder = Path.of(args[1]);
    String text = Files.readString(Path.of(args[2]));
    WeightType type =
        WeightType.valueOf((args.length > 3 ? args[3] : "float32").toUpperCase(Locale.ROOT));
    String device = args.length > 4 ? args[4] : "cpu";
    try (ServerProcess server =
        new ServerProcess(
            jar,
            List.of(
                "--gpt2.model=" + folder,
                "--gpt2.dtype=" + type.label(),
                "--gpt2.device=" + device))) {
      ProbabilityBenchmark benchmark = new ProbabilityBenchmark(server.port());
      benchmark.logprobs();
      benchmark.firstToken();
      benchmark.sharedPrefix();
      benchmark.gapsBesideAScore(text);
      TorchRuntime.setThreads(Runtime.getRuntime().availableProcessors());
      try (StepBenchmark bare = new StepBenchmark(folder, device, type, 1)) {
        benchmark.scoring(bare, text);
      }
    }
  }

  private void logprobs() {
    List<Double> none = new ArrayList<>();
    List<Double> fifteen = new ArrayList<>();
    List<Double> besideAll = new ArrayList<>();
    List<Double> allItself = new ArrayList<>();
    List<List<Double>> some =
        Stream.generate(() -> (List<Double>) new ArrayList<Double>()).limit(3).toList();
    int[] counts = {0, 5, 100};
    for (int round = 0; round <= ROUNDS; round++) {
      List<long[]> plain = streams(GREEDY, GREEDY);
      List<long[]> mixed = streams(GREEDY + ",\"logprobs\":50257", GREEDY);
      if (round > 0) {
        none.add(speed(plain));
        fifteen.add(speed(plain.subList(1, STREAMS)));
        besideAll.add(speed(mixed.subList(1, STREAMS)));
        allItself.add(speed(mixed.subList(0, 1)));
      }
      for (int i = 0; i < counts.length; i++) {
        String fields = GREEDY + ",\"logprobs\":" + counts[i];
        double speed = speed(streams(fields, fields));
        if (round > 0) {
          some.get(i).add(speed);
        }
      }
    }
    System.out.printf("16 streams without log-probabilities: %.0f tok/s%n", median(none));
    for (int i = 0; i < counts.length; i++) {
      System.out.printf(
          "  with logprobs: %d: %.0f tok/s, ratio %.3f%n",
          counts[i], median(some.get(i)), median(some.get(i)) / median(none));
    }
    System.out.printf(
        "  15 of them beside one with the whole vocabulary: %.0f tok/s, ratio %.3f; itself %.1f%n",
        median(besideAll), median(besideAll) / median(fifteen), median(allItself));
  }

  private List<long[]> streams(String first, String others) {
    return load.stream(
        IntStream.range(0, STREAMS)
            .mapToObj(i -> LoadGenerator.body(load.prompt(16), NEW_TOKENS, i == 0 ? first : others))
            .toList(),
        NEW_TOKENS);
  }

  private static double speed(List<long[]> streams) {
    return LoadGenerator.summary(streams).tokensPerSecond();
  }

  private void firstToken() {
    List<Double> cold = new ArrayList<>();
    List<Double> hot = new ArrayList<>();
    List<Double> hotLonger = new ArrayList<>();
    List<Double> step = new ArrayList<>();
    for (int round = 0; round <= ROUNDS; round++) {
      int[] prompt = load.prompt(900);
      int[] longer = Arrays.copyOf(prompt, 904);
      List<Round> rounds =
          Stream.of(prompt, prompt, longer)
              .map(
                  tokens ->
                      LoadGenerator.summary(
                          load.stream(List.of(LoadGenerator.body(tokens, 32, GREEDY)), 32)))
              .toList();
      if (round > 0) {
        cold.add(rounds.get(0).firstToken());
        hot.add(rounds.get(1).firstToken());
        hotLonger.add(rounds.get(2).firstToken());
        step.add(rounds.get(1).gap(0.5));
      }
    }
    System.out.printf(
        "first token of a 900-token prompt: cold %.0f ms, hot %.1f ms, hot with 4 more tokens %.1f ms;"
            + " one decode step %.1f ms%n",
        median(cold), median(hot), median(hotLonger), median(step));
  }

  private void sharedPrefix() {
    List<Double> apart = new ArrayList<>();
    List<Double> shared = new ArrayList<>();
    for (int round = 0; round <= ROUNDS; round++) {
      int[] common = load.prompt(500);
      double own = wholeSpeed(load.prompt(500), false);
      double same = wholeSpeed(common, true);
      if (round > 0) {
        apart.add(own);
        shared.add(same);
      }
    }
    System.out.printf(
        "16 streams, prompts of 516 tokens, 64 new ones, from request to end: %.0f tok/s; sharing"
            + " their first 500: %.0f tok/s (%.1f times)%n",
        median(apart), median(shared), median(shared) / median(apart));
  }

  private double wholeSpeed(int[] beginning, boolean same) {
    List<String> bodies = new ArrayList<>();
    for (int i = 0; i < STREAMS; i++) {
      int[] own = same ? beginning : load.prompt(beginning.length);
      int[] prompt = IntStream.concat(Arrays.stream(own), Arrays.stream(load.prompt(16))).toArray();
      bodies.add(LoadGenerator.body(prompt, NEW_TOKENS, GREEDY));
    }
    long start = System.nanoTime();
    load.stream(bodies, NEW_TOKENS);
    return STREAMS * NEW_TOKENS / ((System.nanoTime() - start) / 1e9);
  }

  private void gapsBesideAScore(String text) throws Exception {
    Round alone = load.run(1, 16, 256, GREEDY);
    String megabyte = text.repeat(1 + 1_000_000 / text.length()).substring(0, 1_000_000);
    CompletableFuture<HttpResponse<Stream<String>>> score =
        http.sendAsync(
            request("/v1/score", "{\"stream\":true,\"text\":" + json(megabyte) + "}"),
            HttpResponse.BodyHandlers.ofLines());
    try (Stream<String> lines = score.get().body()) {
      // Once it tells its progress, it runs.
      lines.iterator().next();
      Round beside = load.run(1, 16, 256, GREEDY);
      System.out.printf(
          "a stream's gaps alone: median %.1f, p99 %.1f, longest %.1f ms; while 1 MB is scored:"
              + " %.1f, %.1f, %.1f ms%n",
          alone.gap(0.5),
          alone.gap(0.99),
          alone.gap(1),
          beside.gap(0.5),
          beside.gap(0.99),
          beside.gap(1));
    }
  }

  private void scoring(StepBenchmark bare, String text) throws Exception {
    String piece = text.substring(0, Math.min(text.length(), 40_000));
    String body = "{\"stride\":1023,\"text\":" + json(piece) + "}";
    List<Double> scored = new ArrayList<>();
    List<Double> read = new ArrayList<>();
    List<Double> bareRead = new ArrayList<>();
    List<Double> bareLogits = new ArrayList<>();
    for (int round = 0; round <= ROUNDS; round++) {
      double plain = bare.prefill(1024, false);
      double logits = bare.prefill(1024, true);
      double first = load.run(1, 1016, 8, GREEDY).firstToken();
      long start = System.nanoTime();
      String answer =
          http.send(request("/v1/score", body), HttpResponse.BodyHandlers.ofString()).body();
      double seconds = (System.nanoTime() - start) / 1e9;
      int tokens = JsonMapper.shared().readTree(answer).get("scored_tokens").intValue();
      if (round > 0) {
        bareRead.add(plain);
        bareLogits.add(logits);
        read.add(1016 / first * 1e3);
        scored.add(tokens / seconds);
      }
    }
    System.out.printf(
        "scoring: %.0f tok/s through HTTP; reading a prompt: %.0f tok/s through HTTP, bare %.0f, bare"
            + " with the logits of every token %.0f; ratio to the last %.2f%n",
        median(scored),
        median(read),
        median(bareRead),
        median(bareLogits),
        median(scored) / median(bareLogits));
  }

  private HttpRequest request(String path, String body) {
    return HttpRequest.newBuilder(base.resolve(path))
        .header("Content-Type", "application/json")
        .POST(HttpRequest.BodyPublishers.ofString(body))
        .build();
  }

  private static String json(String text) throws IOException {
    return JsonMapper.shared().writeValueAsString(text);
  }

  private static double median(List<Double> values) {
    return LoadGenerator.median(values.stream().mapToDouble(Double::doubleValue));
  }
}
