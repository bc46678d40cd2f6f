package io.github.gpt2server.drills;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.testing.ChildServer;
import io.github.gpt2server.testing.FuzzRun;
import io.github.gpt2server.testing.RawHttp;
import java.net.ServerSocket;
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
import java.util.function.IntFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Clients in numbers: that vanish, do not read, are too many, send nonsense, never finish. */
class CrowdDrill {
  private static final String LONG =
      "{\"prompt\": \"Once upon a time\", \"max_tokens\": 500, \"ignore_eos\": true, \"n\": 4";

  @TempDir private Path folder;

  @Test
  void threeHundredClientsVanish() throws Exception {
    try (ChildServer server =
        new ChildServer(folder, "--gpt2.max-sequences=8", "--gpt2.max-queue=400")) {
      server.awaitHealth(200);
      String poem = Watch.poem(server);
      vanish(server, 300);
      Watch.awaitIdle(server);
      long resident = Watch.resident(server);
      long files = Watch.openFiles(server);

      vanish(server, 300);
      Duration idle = Watch.awaitIdle(server);
      long filesAfter = Watch.openFiles(server);
      long residentAfter = Watch.resident(server);

      assertThat(idle).isLessThan(Duration.ofSeconds(30));
      assertThat(Watch.metric(server, "vllm:kv_cache_usage_perc")).isZero();
      assertThat(Watch.poem(server)).isEqualTo(poem);
      assertThat(residentAfter - resident).as("MiB more").isLessThan(64);
      assertThat(filesAfter - files).as("open files more").isLessThan(20);
      DrillReport.add(
          1,
          "300 vanished clients",
          "300 connections ask for 4 × 500 tokens each (streams and whole answers, 8 slots); once all"
              + " run or wait, half say goodbye, half reset the connection; twice",
          "idle %s after the last had gone; open files %d → %d, resident %d → %d MiB between the two rounds; the next answer is the same text as before"
              .formatted(Watch.seconds(idle), files, filesAfter, resident, residentAfter));
    }
  }

  private static void vanish(ChildServer server, int count) throws Exception {
    List<RawHttp> clients = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      String stream = i % 2 == 0 ? ", \"stream\": true}" : "}";
      clients.add(server.connect().send(RawHttp.post("/v1/completions", LONG + stream)));
    }
    Watch.await(
        () ->
            Watch.metric(server, "vllm:num_requests_waiting")
                    + Watch.metric(server, "vllm:num_requests_running") / 4
                >= count - 2);
    for (int i = 0; i < count; i++) {
      if (i % 4 < 2) {
        clients.get(i).leave();
      } else {
        clients.get(i).reset();
      }
    }
  }

  @Test
  void sixtyFourClientsDoNotRead() throws Exception {
    String stream =
        "{\"prompt\": \"Once upon a time\", \"max_tokens\": 500, \"ignore_eos\": true,"
            + " \"stream\": true";
    try (ChildServer server = new ChildServer(folder, "--gpt2.max-sequences=32")) {
      server.awaitHealth(200);
      String poem = Watch.poem(server);
      Duration alone = time(() -> assertThat(Watch.poem(server)).isEqualTo(poem));
      List<RawHttp> text = doNotRead(server, stream + "}");
      Duration besideText = time(() -> assertThat(Watch.poem(server)).isEqualTo(poem));
      leave(text);
      Watch.awaitIdle(server);
      List<RawHttp> large = doNotRead(server, stream + ", \"logprobs\": 1000}");
      awaitStandstill(server);
      Duration besideLarge = time(() -> assertThat(Watch.poem(server)).isEqualTo(poem));
      Duration health = time(() -> assertThat(server.health()).isEqualTo(200));
      long resident = Watch.resident(server);
      leave(large);
      Duration idle = Watch.awaitIdle(server);

      assertThat(besideText).isLessThan(Duration.ofSeconds(30));
      assertThat(besideLarge).isLessThan(Duration.ofSeconds(5));
      assertThat(health).isLessThan(Duration.ofSeconds(5));
      DrillReport.add(
          2,
          "64 slow readers",
          "64 streams of 500 tokens, twice as many as there are slots, whose clients read nothing;"
              + " then 64 with 1,000 log-probabilities at each token, 9 MB for each client",
          "30 tokens for another client take %s beside the text (%s before); beside the large ones, which wait for their readers and may hold three quarters of the slots, until the server gives them up after 20 s (`server.tomcat.connection-timeout`), %s; `/health` %s, %d MiB resident; idle %s after they left"
              .formatted(
                  Watch.seconds(besideText),
                  Watch.seconds(alone),
                  Watch.seconds(besideLarge),
                  Watch.seconds(health),
                  resident,
                  Watch.seconds(idle)));
    }
  }

  private static List<RawHttp> doNotRead(ChildServer server, String body) throws Exception {
    List<RawHttp> clients = new ArrayList<>();
    for (int i = 0; i < 64; i++) {
      clients.add(server.connect(1).send(RawHttp.post("/v1/completions", body)));
    }
    for (RawHttp client : clients.subList(0, 32)) {
      client.awaitBytes();
    }
    return clients;
  }

  /** Waits until every stream that has a slot waits for its reader. */
  private static void awaitStandstill(ChildServer server) throws Exception {
    Watch.await(
        () -> {
          double before = Watch.metric(server, "gpt2_generation_tokens_total");
          Thread.sleep(500);
          return Watch.metric(server, "gpt2_generation_tokens_total") == before;
        });
  }

  private static void leave(List<RawHttp> clients) throws Exception {
    for (RawHttp client : clients) {
      client.leave();
    }
  }

  @Test
  void theQueueOverflows() throws Exception {
    try (ChildServer server =
        new ChildServer(folder, "--gpt2.max-sequences=2", "--gpt2.max-queue=8")) {
      server.awaitHealth(200);
      String body = "{\"prompt\": \"The king\", \"max_tokens\": 200, \"ignore_eos\": true}";
      long start = System.nanoTime();
      Map<Integer, Integer> statuses = new TreeMap<>();
      for (RawHttp.Answer answer : all(200, i -> () -> server.post("/v1/completions", body))) {
        statuses.merge(answer.status(), 1, Integer::sum);
        if (answer.status() == 429) {
          assertThat(answer.headers()).containsEntry("retry-after", "1");
          assertThat(answer.body()).contains("queue_full");
        }
      }
      Duration took = Duration.ofNanos(System.nanoTime() - start);

      assertThat(statuses).containsOnlyKeys(200, 429);
      assertThat(statuses.get(200)).isGreaterThanOrEqualTo(10);
      Watch.awaitIdle(server);
      DrillReport.add(
          3,
          "queue overflow",
          "200 clients ask for 200 tokens at once; 2 slots, `gpt2.max-queue=8`",
          "%d answered, %d refused with 429 and `Retry-After`, none anything else; all done in %s"
              .formatted(statuses.get(200), statuses.get(429), Watch.seconds(took)));
    }
  }

  @Test
  void tenThousandBodiesAreNonsense() throws Exception {
    try (ChildServer server =
        new ChildServer(
            folder,
            // A heap that does not grow, so that what grows is not it.
            Map.of("JDK_JAVA_OPTIONS", "-Xms512m -XX:+AlwaysPreTouch"),
            "--gpt2.max-sequences=8",
            "--gpt2.request-timeout=20s",
            "--server.tomcat.connection-timeout=500ms",
            "--server.tomcat.keep-alive-timeout=500ms")) {
      server.awaitHealth(200);
      String poem = Watch.poem(server);
      new FuzzRun().send(server::connect, 800);
      long resident = Watch.resident(server);
      FuzzRun run = new FuzzRun();
      Duration took = time(() -> run.send(server::connect, 10_000));
      Watch.awaitIdle(server);
      long residentAfter = Watch.resident(server);

      assertThat(run.problems()).isEmpty();
      assertThat(Watch.poem(server)).isEqualTo(poem);
      assertThat(residentAfter - resident).as("MiB more").isLessThan(200);
      server.terminate();
      assertThat(server.exitCode()).isEqualTo(143);
      assertThat(server.output()).doesNotContain("ERROR", "WARN", "\tat ");
      DrillReport.add(
          4,
          "10,000 fuzzed bodies",
          "8 clients send 10,000 requests with fields, values, bytes and framing changed at random",
          "answers by status (0: none, for what was cut short): %s; each by contract; %s; resident %d → %d MiB; nothing in the log"
              .formatted(
                  new TreeMap<>(run.statuses()), Watch.seconds(took), resident, residentAfter));
    }
  }

  @Test
  void sixHundredBodiesNeverEnd() throws Exception {
    int management = freePort();
    try (ChildServer server =
        new ChildServer(
            folder,
            "--management.server.port=" + management,
            "--server.tomcat.connection-timeout=30s")) {
      server.awaitHealth(200);
      String post = RawHttp.post("/v1/completions", "{\"max_tokens\": 1}");
      List<RawHttp> halves = new ArrayList<>();
      for (int i = 0; i < 600; i++) {
        halves.add(server.connect().send(post.substring(0, post.length() - 5)));
      }
      Duration liveness = time(() -> assertThat(probe(management)).isEqualTo(200));
      for (RawHttp half : halves) {
        half.leave();
      }
      Duration back = Watch.await(() -> server.health() == 200);

      assertThat(liveness).isLessThan(Duration.ofSeconds(5));
      DrillReport.add(
          5,
          "600 half-sent bodies",
          "more than the 512 threads of HTTP on Java 17; `management.server.port` is set",
          "the liveness probe on the management port is answered in %s; `/health` on the main port answers %s after they left"
              .formatted(Watch.seconds(liveness), Watch.seconds(back)));
    }
  }

  private static int probe(int port) throws Exception {
    try (RawHttp http = new RawHttp(port)) {
      return http.send("GET /actuator/health/liveness HTTP/1.1\r\nHost: test\r\n\r\n")
          .answer()
          .status();
    }
  }

  private static int freePort() throws Exception {
    try (ServerSocket free = new ServerSocket(0)) {
      return free.getLocalPort();
    }
  }

  /** Something to do that may fail. */
  @FunctionalInterface
  private interface Action {
    void run() throws Exception;
  }

  private static Duration time(Action action) throws Exception {
    long start = System.nanoTime();
    action.run();
    return Duration.ofNanos(System.nanoTime() - start);
  }

  private static <T> List<T> all(int count, IntFunction<Callable<T>> work) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(count);
    try {
      List<Future<T>> results = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        results.add(threads.submit(work.apply(i)));
      }
      List<T> all = new ArrayList<>();
      for (Future<T> result : results) {
        all.add(result.get());
      }
      return all;
    } finally {
      threads.shutdownNow();
    }
  }
}
