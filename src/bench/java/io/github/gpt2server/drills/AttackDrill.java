package io.github.gpt2server.drills;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.bench.DrillCheckpoint;
import io.github.gpt2server.testing.ChildServer;
import io.github.gpt2server.testing.RawHttp;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Everything that is cheap to send and dear to answer, at a server with little memory. */
class AttackDrill {
  private static final Pattern STATUS = Pattern.compile("HTTP/1\\.1 (\\d{3})");

  /** How long clients who do not read wait before they do. */
  private static final Duration IDLE = Duration.ofSeconds(5);

  @TempDir private Path folder;

  @Test
  void theEmbeddedModelInOneGibibyte() throws Exception {
    drill(1024, "-Xmx256m", 20, "the embedded model");
  }

  @Test
  void anotherModelInTwoGibibytes() throws Exception {
    drill(
        2048,
        "-Xmx512m",
        40,
        "124 M parameters in bfloat16",
        "--gpt2.model=" + DrillCheckpoint.small(),
        "--gpt2.dtype=bfloat16",
        "--gpt2.max-sequences=8");
  }

  private void drill(long mebibytes, String heap, int order, String model, String... options)
      throws Exception {
    List<String> all = new ArrayList<>(List.of(options));
    all.add("--gpt2.request-timeout=20s");
    try (MemoryLimit limit = MemoryLimit.ofMebibytes(mebibytes);
        ChildServer server =
            new ChildServer(folder, limit.starter(), heap, Map.of(), all.toArray(String[]::new))) {
      server.awaitHealth(200);
      List<String> seen = new ArrayList<>();
      try (OrdinaryStreams streams = new OrdinaryStreams(server)) {
        for (Attack attack : Attack.all()) {
          seen.add(one(server, limit, streams, attack.name(), List.of(attack)));
        }
        seen.add(one(server, limit, streams, "all of them at once", Attack.all()));
      }
      assertThat(server.health()).isEqualTo(200);
      Watch.awaitIdle(server);
      DrillReport.add(
          order,
          "attacks in %d MiB".formatted(mebibytes),
          "%s under %s with %s; 8 streams beside each attack".formatted(model, limit.kind(), heap),
          String.join("<br>", seen));
    }
  }

  private static String one(
      ChildServer server,
      MemoryLimit limit,
      OrdinaryStreams streams,
      String name,
      List<Attack> attacks)
      throws Exception {
    streams.reset();
    limit.resetPeak();
    long start = System.nanoTime();
    Map<String, Integer> answers = send(server, attacks);
    Duration took = Duration.ofNanos(System.nanoTime() - start);
    String row =
        "%s: %s in %s, peak %d MiB, streams: %d whole, first token after %s at most, gap %s at most"
            .formatted(
                name,
                answers,
                Watch.seconds(took),
                limit.peakMebibytes(),
                streams.complete(),
                Watch.seconds(streams.longestWait()),
                Watch.seconds(streams.largestGap()));
    System.out.println(row);
    assertThat(server.alive()).as(row + server.errors()).isTrue();
    assertThat(streams.problems()).as(row).isEmpty();
    assertThat(answers.keySet()).as(row).isSubsetOf("200", "400", "413", "429", "503", "504");
    return row;
  }

  /**
   * Sends every request of every attack over a connection of its own; statuses and their counts.
   */
  private static Map<String, Integer> send(ChildServer server, List<Attack> attacks)
      throws Exception {
    List<Callable<String>> requests = new ArrayList<>();
    for (Attack attack : attacks) {
      byte[] request = attack.request();
      for (int i = 0; i < attack.count(); i++) {
        requests.add(() -> status(server, request, attack.reading()));
      }
    }
    ExecutorService clients = Executors.newFixedThreadPool(requests.size());
    Map<String, Integer> answers = new TreeMap<>();
    try {
      for (Future<String> answer : clients.invokeAll(requests)) {
        answers.merge(answer.get(), 1, Integer::sum);
      }
    } finally {
      clients.shutdownNow();
    }
    return answers;
  }

  private static String status(ChildServer server, byte[] request, boolean reading)
      throws Exception {
    try (RawHttp http = reading ? server.connect() : server.connect(1)) {
      try {
        http.send(request);
      } catch (IOException e) {
        // Refused before it was all sent; the answer is there all the same.
      }
      if (!reading) {
        Thread.sleep(IDLE.toMillis());
      }
      Matcher status = STATUS.matcher(http.line());
      if (!status.lookingAt()) {
        return "no status";
      }
      http.discardRest();
      return status.group(1);
    } catch (IOException e) {
      return e.toString();
    }
  }
}
