package io.github.gpt2server.bench;

import io.github.gpt2server.bench.LoadGenerator.Round;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/**
 * What requests do to each other: the gaps between the tokens of running streams, alone, while long
 * prompts arrive and while another process takes a core; the time to the first token of a short
 * prompt beside many streams; and what a client with one request gets beside one with a hundred.
 * Everything through HTTP on one server, what is compared in turn.
 *
 * <p>Arguments: the packaged jar, a model folder with a context of 1,024, the weights' type, which
 * parts ({@code arrivals}, {@code short}, {@code foreign}, {@code fairness}; all unless given) and
 * settings of the server. Speculation is off unless a setting says so, for random weights repeat
 * themselves and the steps must be alike.
 */
public final class SchedulingBenchmark {
  private static final int ROUNDS = 3;
  private static final int STREAMS = 16;
  private static final int SHORT_PROMPT = 16;
  private static final int LONG_PROMPT = 512;
  private static final int AFTER_PROMPT = 8;
  private static final long MILLIS_BETWEEN_LONG_PROMPTS = 2000;

  /** As many long prompts as the prefix cache holds by default, and some more. */
  private static final int WARM_UP_PROMPTS = 20;

  private static final String GREEDY = "\"temperature\":0";

  private final LoadGenerator load;
  private final LoadGenerator otherClient;
  private final ExecutorService threads = Executors.newCachedThreadPool();

  private SchedulingBenchmark(int port) throws IOException {
    load = new LoadGenerator("127.0.0.1", port);
    otherClient = new LoadGenerator("127.0.0.1", port, InetAddress.getByName("127.0.0.2"));
  }

  /** See the class. */
  public static void main(String[] args) throws Exception {
    List<String> rest = Arrays.asList(args).subList(3, args.length);
    List<String> server =
        new ArrayList<>(
            List.of(
                "--gpt2.model=" + args[1], "--gpt2.dtype=" + args[2], "--gpt2.speculation=off"));
    rest.stream().filter(argument -> argument.startsWith("--")).forEach(server::add);
    List<String> parts = rest.stream().filter(argument -> !argument.startsWith("--")).toList();
    try (ServerProcess process = new ServerProcess(Path.of(args[0]), server)) {
      SchedulingBenchmark benchmark = new SchedulingBenchmark(process.port());
      try {
        for (String part :
            parts.isEmpty() ? List.of("arrivals", "short", "foreign", "fairness") : parts) {
          benchmark.measure(part);
        }
      } finally {
        benchmark.threads.shutdown();
      }
    }
  }

  private void measure(String part) throws Exception {
    switch (part) {
      case "arrivals" -> arrivals();
      case "short" -> shortPrompts();
      case "foreign" -> foreignProcess();
      case "fairness" -> {
        fairness(SHORT_PROMPT);
        fairness(LONG_PROMPT);
      }
      default -> throw new IllegalArgumentException("no part is called " + part);
    }
  }

  /** Long prompts arrive one after the other while others stream. */
  private void arrivals() throws Exception {
    int newTokens = 480;
    List<Round> alone = new ArrayList<>();
    List<Round> beside = new ArrayList<>();
    List<Double> firstTokens = new ArrayList<>();
    List<Double> idle = new ArrayList<>();
    // A server that has run for a while has its prefix cache in memory; filling it for the first
    // time takes the system's pages.
    for (int i = 0; i < WARM_UP_PROMPTS; i++) {
      load.run(1, LONG_PROMPT, AFTER_PROMPT, GREEDY);
    }
    // The first round warms up both this process and the server.
    for (int round = -1; round < ROUNDS; round++) {
      double first = load.run(1, LONG_PROMPT, AFTER_PROMPT, GREEDY).firstToken();
      Round without = load.run(STREAMS, SHORT_PROMPT, newTokens, GREEDY);
      Beside both =
          whileStreaming(
              clients(STREAMS, i -> new int[] {newTokens}),
              LONG_PROMPT,
              MILLIS_BETWEEN_LONG_PROMPTS);
      if (round >= 0) {
        idle.add(first);
        alone.add(without);
        beside.add(both.streams());
        firstTokens.addAll(both.firstTokens());
      }
    }
    System.out.printf(
        "first token of a prompt of %d tokens, alone: %s ms%n",
        LONG_PROMPT, Spread.of(idle).text("%.0f"));
    printGaps("%d streams alone".formatted(STREAMS), alone);
    printGaps(
        "%d streams while such a prompt arrives every %d ms"
            .formatted(STREAMS, MILLIS_BETWEEN_LONG_PROMPTS),
        beside);
    System.out.printf(
        "  first token of the arriving prompts: %s ms%n", Spread.of(firstTokens).text("%.0f"));
  }

  /**
   * A short prompt arrives while 32 clients stream, one completion of 40 to 195 tokens after the
   * other: the server's own 32 sequences, unless a setting gives it more.
   */
  private void shortPrompts() throws Exception {
    int streams = 32;
    int newTokens = 256;
    List<Double> millis = new ArrayList<>();
    List<Double> steps = new ArrayList<>();
    List<Double> gaps = new ArrayList<>();
    for (int round = 0; round < ROUNDS; round++) {
      Beside both =
          whileStreaming(
              clients(streams, i -> new int[] {40 + 5 * i, newTokens - 40 - 5 * i}),
              SHORT_PROMPT,
              700);
      double gap = both.streams().gap(0.5);
      gaps.add(gap);
      millis.addAll(both.firstTokens());
      both.firstTokens().forEach(first -> steps.add(first / gap));
    }
    System.out.printf(
        "first token of a prompt of %d tokens beside %d streams: %s ms, %s gaps of %s ms%n",
        SHORT_PROMPT,
        streams,
        Spread.of(millis).text("%.0f"),
        Spread.of(steps).text("%.1f"),
        Spread.of(gaps).text("%.1f"));
  }

  /** Another process does nothing but take a core. */
  private void foreignProcess() throws Exception {
    List<Round> alone = new ArrayList<>();
    List<Round> beside = new ArrayList<>();
    for (int round = 0; round < ROUNDS; round++) {
      alone.add(load.run(STREAMS, SHORT_PROMPT, 160, GREEDY));
      Process busy = new ProcessBuilder("sh", "-c", "while :; do :; done").start();
      try {
        beside.add(load.run(STREAMS, SHORT_PROMPT, 160, GREEDY));
      } finally {
        busy.destroyForcibly().waitFor();
      }
    }
    printGaps("%d streams alone".formatted(STREAMS), alone);
    printGaps("%d streams while another process takes a core".formatted(STREAMS), beside);
  }

  /** A client with a single request comes when one with a hundred is being served. */
  private void fairness(int promptTokens) throws Exception {
    int requests = 100;
    int newTokens = 48;
    double alone = millis(() -> otherClient.stream(shortRequest(newTokens), newTokens));
    alone = Math.min(alone, millis(() -> otherClient.stream(shortRequest(newTokens), newTokens)));
    List<String> many =
        IntStream.range(0, requests)
            .mapToObj(i -> LoadGenerator.body(load.prompt(promptTokens), newTokens, GREEDY))
            .toList();
    CompletableFuture<Double> all = inBackground(() -> millis(() -> load.stream(many, newTokens)));
    Thread.sleep(2000);
    double[] first = new double[1];
    double beside =
        millis(
            () ->
                first[0] =
                    LoadGenerator.firstToken(
                        otherClient.stream(shortRequest(newTokens), newTokens)));
    boolean sooner = !all.isDone();
    System.out.printf(
        "a request for %d tokens: %.0f ms alone, %.0f ms (the first after %.0f) beside another"
            + " client's %d with prompts of %d, which take %.0f ms%s%n",
        newTokens,
        alone,
        beside,
        first[0],
        requests,
        promptTokens,
        all.join(),
        sooner ? "" : " and had ended before");
  }

  private String shortRequest(int newTokens) {
    return LoadGenerator.body(load.prompt(SHORT_PROMPT), newTokens, GREEDY);
  }

  /**
   * What running streams and those who came to them saw.
   *
   * @param firstTokens times to the first token of those that came while all streamed, in ms
   */
  private record Beside(Round streams, List<Double> firstTokens) {}

  /** How many tokens each request of each client asks for. */
  private static List<int[]> clients(int count, IntFunction<int[]> newTokens) {
    return IntStream.range(0, count).mapToObj(newTokens).toList();
  }

  /** Clients stream, and once they do comes a prompt every so often that nothing began like. */
  private Beside whileStreaming(List<int[]> clients, int promptTokens, long every)
      throws InterruptedException {
    List<CompletableFuture<List<long[]>>> streams =
        clients.stream().map(newTokens -> inBackground(() -> oneByOne(newTokens))).toList();
    List<CompletableFuture<long[]>> arriving = new ArrayList<>();
    // The streams' own prompts have been read by then.
    Thread.sleep(1500);
    while (streams.stream().noneMatch(CompletableFuture::isDone)) {
      String body = LoadGenerator.body(load.prompt(promptTokens), AFTER_PROMPT, GREEDY);
      arriving.add(inBackground(() -> load.stream(body, AFTER_PROMPT)));
      Thread.sleep(every);
    }
    List<List<long[]>> times = streams.stream().map(CompletableFuture::join).toList();
    long begin = times.stream().mapToLong(own -> own.get(0)[1]).max().orElseThrow();
    long end =
        times.stream()
            .map(own -> own.get(own.size() - 1))
            .mapToLong(last -> last[last.length - 2])
            .min()
            .orElseThrow();
    List<Double> firstTokens =
        arriving.stream()
            .map(CompletableFuture::join)
            .filter(time -> time[1] < end)
            .map(LoadGenerator::firstToken)
            .toList();
    return new Beside(
        LoadGenerator.summary(times.stream().flatMap(List::stream).toList(), begin, end),
        firstTokens);
  }

  private List<long[]> oneByOne(int[] newTokens) {
    return IntStream.of(newTokens)
        .mapToObj(
            count ->
                load.stream(LoadGenerator.body(load.prompt(SHORT_PROMPT), count, GREEDY), count))
        .toList();
  }

  private <T> CompletableFuture<T> inBackground(Callable<T> work) {
    return CompletableFuture.supplyAsync(
        () -> {
          try {
            return work.call();
          } catch (Exception e) {
            throw new IllegalStateException(e);
          }
        },
        threads);
  }

  private static double millis(Callable<?> work) throws Exception {
    long start = System.nanoTime();
    work.call();
    return (System.nanoTime() - start) / 1e6;
  }

  private static void printGaps(String what, List<Round> rounds) {
    System.out.printf(
        "%s: %s tok/s; gaps of %s ms, p99 %s, longest %s; p99 to median %s%n",
        what,
        Spread.of(rounds.stream().map(Round::tokensPerSecond).toList()).text("%.0f"),
        gap(rounds, 0.5).text("%.1f"),
        gap(rounds, 0.99).text("%.1f"),
        gap(rounds, 1).text("%.1f"),
        Spread.of(rounds.stream().map(round -> round.gap(0.99) / round.gap(0.5)).toList())
            .text("%.2f"));
  }

  private static Spread gap(List<Round> rounds, double quantile) {
    return Spread.of(rounds.stream().map(round -> round.gap(quantile)).toList());
  }
}
