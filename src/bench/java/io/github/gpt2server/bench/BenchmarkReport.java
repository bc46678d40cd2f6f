package io.github.gpt2server.bench;

import io.github.gpt2server.bench.Measurement.Decoding;
import io.github.gpt2server.bench.Measurement.Load;
import io.github.gpt2server.bench.Measurement.PeerFile;
import io.github.gpt2server.bench.Measurement.Result;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** The page that tells what was measured: how, on what, and the tables, in Markdown. */
final class BenchmarkReport {

  /**
   * What was measured, beside the numbers.
   *
   * @param model its name or folder
   * @param remarks sentences about what was left out
   */
  record Setup(String model, int threads, Load load, List<String> remarks) {}

  private final Setup setup;
  private final List<Result> results;

  BenchmarkReport(Setup setup, List<Result> results) {
    this.setup = setup;
    this.results = results;
  }

  String markdown() {
    Load load = setup.load();
    String peers =
        peers().stream()
            .map(peer -> "- `%s`: %s%n".formatted(peer.label(), peer.name()))
            .collect(Collectors.joining());
    return """
        # Benchmark

        Written by the benchmark program; [Performance](performance.md#measuring) says how to run it.

        Model %s with %s threads on %s, Java %s. Every stream reads a prompt of %d tokens and writes %d. \
        Numbers are medians of %d rounds with the smallest and the largest behind them. In each round \
        come, one after the other, the bare step of the model, the server through HTTP with its load \
        generator on the same cores, and each peer; a ratio is the median of the rounds' ratios.

        %sThe peers are called through their libraries, all streams as one batch, with as many threads, \
        flash attention on and the KV cache in 16 bits: no HTTP, no JSON and no text, and \
        `llama-batched-bench` does not even look for the likeliest token. float32 is held against \
        F32, bfloat16 against F16, int8 against whichever of F32, F16 and Q8_0 was fastest.
        %s
        ![Tokens a second, time to first token and gaps by streams](benchmark.svg)

        %s"""
        .formatted(
            setup.model(),
            setup.threads(),
            processor(),
            Runtime.version().feature(),
            load.promptTokens(),
            load.newTokens(),
            load.rounds(),
            peers.isEmpty() ? "" : peers + "\n",
            setup.remarks().stream()
                .map(remark -> "\n" + remark + "\n")
                .collect(Collectors.joining()),
            tables());
  }

  /** The tables alone. */
  String tables() {
    return against() + http() + limits();
  }

  private String against() {
    if (peers().isEmpty()) {
      return "";
    }
    List<String> head = new ArrayList<>(List.of("dtype", "streams", "through HTTP, tok/s"));
    for (Peer peer : peers()) {
      head.add(peer.label() + ", tok/s");
      head.add("ratio");
    }
    List<List<String>> rows = new ArrayList<>();
    for (Result result : results) {
      for (Decoding decoding : result.decodings()) {
        rows.add(
            against(
                result, String.valueOf(decoding.streams()), decoding.http(), decoding.others()));
      }
      rows.add(
          against(
              result,
              "prompt of " + setup.load().longPrompt(),
              result.prefill().http(),
              result.prefill().others()));
    }
    return "## Beside llama.cpp\n\n" + table(head, rows);
  }

  private List<String> against(
      Result result, String streams, List<Double> http, List<List<Double>> others) {
    List<String> row =
        new ArrayList<>(List.of(result.type().label(), streams, Spread.of(http).text("%.0f")));
    for (Peer peer : peers()) {
      int best = result.best(peer, others);
      row.add(
          IntStream.range(0, others.size())
              .filter(i -> result.peers().get(i).peer() == peer)
              .mapToObj(
                  i ->
                      result.peers().get(i).type()
                          + " "
                          + (i == best
                              ? Spread.of(others.get(i)).text("%.0f")
                              : format("%.0f", Spread.of(others.get(i)).median())))
              .collect(Collectors.joining("; ")));
      row.add(best < 0 ? "" : Spread.ofRatios(http, others.get(best)).text("%.2f"));
    }
    return row;
  }

  private String http() {
    List<List<String>> rows = new ArrayList<>();
    for (Result result : results) {
      for (Decoding decoding : result.decodings()) {
        rows.add(
            List.of(
                result.type().label(),
                String.valueOf(decoding.streams()),
                Spread.of(decoding.steps()).text("%.0f"),
                Spread.of(decoding.http()).text("%.0f"),
                Spread.ofRatios(decoding.http(), decoding.steps()).text("%.2f"),
                decoding.firstToken().text("%.0f"),
                format(
                    "%.1f / %.1f / %.1f",
                    decoding.gap(0.5).median(),
                    decoding.gap(0.99).median(),
                    decoding.gap(1).high())));
      }
      Spread steps = Spread.of(result.prefill().steps());
      Spread http = Spread.of(result.prefill().http());
      int prompt = setup.load().longPrompt();
      rows.add(
          List.of(
              result.type().label(),
              "prompt of " + prompt,
              steps.text("%.0f"),
              http.text("%.0f"),
              Spread.ofRatios(result.prefill().http(), result.prefill().steps()).text("%.2f"),
              format("%.0f", 1000 * prompt / http.median()),
              ""));
    }
    return "## Through HTTP and the bare step\n\n"
        + table(
            List.of(
                "dtype",
                "streams",
                "bare step, tok/s",
                "through HTTP, tok/s",
                "ratio",
                "first token, ms",
                "gap between tokens, ms: median / p99 / longest"),
            rows);
  }

  private String limits() {
    List<List<String>> rows = new ArrayList<>();
    for (Result result : results) {
      Decoding single =
          result.decodings().stream()
              .filter(decoding -> decoding.streams() == 1)
              .findFirst()
              .orElse(null);
      List<String> row = new ArrayList<>();
      row.add(result.type().label());
      row.add(format("%.0f", result.weightBytes() / 1e6));
      if (single == null) {
        row.addAll(List.of("", "", "", ""));
      } else {
        List<Double> limits =
            single.bandwidth().stream().map(speed -> speed / result.weightBytes()).toList();
        row.add(
            Spread.of(single.bandwidth().stream().map(speed -> speed / 1e9).toList()).text("%.1f"));
        row.add(format("%.0f", Spread.of(limits).median()));
        row.add(Spread.ofRatios(single.steps(), limits).text("%.2f"));
        row.add(Spread.ofRatios(single.http(), limits).text("%.2f"));
      }
      row.add(format("%.1f", result.secondsToReady()));
      row.add(result.mebibytesAtStart() + ", " + result.mebibytesAtEnd());
      rows.add(row);
    }
    return """
        ## Limits

        At one stream a step reads every weight once: the limit is the bandwidth that a loop which only \
        reads (C's memchr) reaches in the same rounds, divided by the bytes of the weights.

        """
        + table(
            List.of(
                "dtype",
                "weights, MB",
                "memory, GB/s",
                "limit, tok/s",
                "bare step / limit",
                "HTTP / limit",
                "ready after, s",
                "resident at start and end, MiB"),
            rows);
  }

  private List<Peer> peers() {
    return results.stream()
        .flatMap(result -> result.peers().stream())
        .map(PeerFile::peer)
        .distinct()
        .toList();
  }

  private static String table(List<String> head, List<List<String>> rows) {
    return Stream.concat(Stream.of(head, head.stream().map(title -> "---").toList()), rows.stream())
            .map(row -> "| " + String.join(" | ", row) + " |\n")
            .collect(Collectors.joining())
        + "\n";
  }

  /** What Linux calls the processor; elsewhere its architecture. */
  private static String processor() {
    try (Stream<String> lines = Files.lines(Path.of("/proc/cpuinfo"))) {
      return lines
          .filter(line -> line.startsWith("model name"))
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .findFirst()
          .orElse(System.getProperty("os.arch"));
    } catch (IOException e) {
      return System.getProperty("os.arch");
    }
  }

  private static String format(String pattern, Object... values) {
    return String.format(Locale.ROOT, pattern, values);
  }
}
