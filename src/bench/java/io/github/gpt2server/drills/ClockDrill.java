package io.github.gpt2server.drills;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.testing.ChildServer;
import io.github.gpt2server.testing.RawHttp;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The wall clock is set a day forward and a day back, while the server works. */
class ClockDrill {
  static final Duration DAY = Duration.ofDays(1);
  private static final List<Duration> JUMPS =
      List.of(DAY, Duration.ZERO, DAY.negated(), Duration.ZERO);

  /** Dates are whole seconds, and asking for them takes a moment. */
  private static final Duration NEAR = Duration.ofSeconds(3);

  private static final String STREAM =
      "{\"prompt\": \"Once upon a time\", \"max_tokens\": 300, \"ignore_eos\": true, \"seed\": 7,"
          + " \"n\": 4, \"stream\": true}";

  /** Takes longer than any deadline here. */
  private static final String ENDLESS =
      "{\"prompt\": \"The king\", \"max_tokens\": 500, \"ignore_eos\": true, \"n\": 100";

  /** More than the kernel takes for a client who does not read. */
  static final String LARGE =
      "{\"prompt\": \"The king\", \"max_tokens\": 500, \"ignore_eos\": true, \"stream\": true,"
          + " \"logprobs\": 1000}";

  private static final String STREAMS_DRILL = "clock jumps under streams";
  private static final String DEADLINES_DRILL = "clock jumps and deadlines";

  @TempDir private Path folder;

  private record Timed(RawHttp.Answer answer, Duration took) {}

  @Test
  void streamsAndDates() throws Exception {
    try (FakeClock clock = FakeClock.orSkip(folder, 10, STREAMS_DRILL);
        ChildServer server =
            new ChildServer(
                folder,
                clock.variables(),
                "--gpt2.max-sequences=2",
                "--gpt2.access-log=true",
                "--gpt2.shutdown-grace=1m")) {
      server.awaitHealth(200);
      String text = text(server.post("/v1/completions", STREAM).body());
      List<RawHttp> streams = start(server, 8);
      for (Duration jump : JUMPS) {
        clock.move(jump);
        Thread.sleep(1000);
        RawHttp.Answer health = server.get("/health");
        assertThat(health.status()).isEqualTo(200);
        assertThat(clock.error(date(health))).isLessThan(NEAR);
      }
      assertThat(Watch.metric(server, "vllm:num_requests_running")).isEqualTo(2);
      assertThat(whole(streams, text)).isEqualTo(8);

      for (Duration jump : JUMPS) {
        clock.move(jump);
        checkDates(server, clock);
      }

      List<RawHttp> last = start(server, 8);
      clock.move(DAY);
      long start = System.nanoTime();
      server.terminate();
      server.awaitHealth(503);
      clock.move(DAY.negated());
      int whole = whole(last, text);
      int code = server.exitCode();
      Duration took = since(start);

      assertThat(whole).isEqualTo(8);
      assertThat(code).isEqualTo(143);
      assertThat(server.output()).doesNotContain("ERROR", "WARN");
      DrillReport.add(
          10,
          STREAMS_DRILL,
          "libfaketime sets the server's wall clock a day forward, right, a day back and right again,"
              + " each time while 8 streams of 4 × 300 tokens run on 2 slots; then SIGTERM between a jump"
              + " of a day forward and one of two back",
          "8 of 8 streams whole, with the text of before; `/health` 200 after every jump; `Date`, `created` and the log's lines show the clock's time within 3 s after every jump; after SIGTERM %d of 8 streams whole, exit code %d after %s"
              .formatted(whole, code, Watch.seconds(took)));
    }
  }

  private static List<RawHttp> start(ChildServer server, int count) throws IOException {
    List<RawHttp> streams = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      streams.add(server.connect().send(RawHttp.post("/v1/completions", STREAM)));
    }
    streams.get(0).awaitBytes();
    return streams;
  }

  /** How many of the streams are whole and have this text. */
  private static int whole(List<RawHttp> streams, String text) throws IOException {
    int whole = 0;
    for (RawHttp stream : streams) {
      RawHttp.Answer answer = stream.answer();
      boolean ended = answer.body().endsWith("data: [DONE]\n\n");
      whole += answer.status() == 200 && ended && text(answer.body()).equals(text) ? 1 : 0;
      stream.close();
    }
    return whole;
  }

  /** The texts of a stream's choices. */
  private static String text(String stream) {
    TreeMap<Integer, String> texts = new TreeMap<>();
    stream
        .lines()
        .filter(line -> line.startsWith("data: {"))
        .map(line -> JsonMapper.shared().readTree(line.substring("data: ".length())))
        .map(chunk -> chunk.at("/choices/0"))
        .forEach(
            choice ->
                texts.merge(
                    choice.get("index").intValue(),
                    choice.get("text").stringValue(),
                    String::concat));
    return texts.toString();
  }

  private static void checkDates(ChildServer server, FakeClock clock) throws IOException {
    RawHttp.Answer answer = server.post("/v1/completions", Watch.POEM);
    JsonNode json = JsonMapper.shared().readTree(answer.body());
    String logged =
        server
            .output()
            .lines()
            .filter(line -> line.contains("AccessLog"))
            .reduce((before, after) -> after)
            .orElseThrow();

    assertThat(clock.error(date(answer))).isLessThan(NEAR);
    assertThat(clock.error(Instant.ofEpochSecond(json.get("created").longValue())))
        .isLessThan(NEAR);
    assertThat(
            clock.error(OffsetDateTime.parse(logged.substring(0, logged.indexOf(' '))).toInstant()))
        .isLessThan(NEAR);
  }

  private static Instant date(RawHttp.Answer answer) {
    return DateTimeFormatter.RFC_1123_DATE_TIME.parse(answer.headers().get("date"), Instant::from);
  }

  @Test
  void deadlinesAndGrace() throws Exception {
    ExecutorService clients = Executors.newCachedThreadPool();
    try (FakeClock clock = FakeClock.orSkip(folder, 11, DEADLINES_DRILL);
        ChildServer server =
            new ChildServer(
                folder,
                clock.variables(),
                "--gpt2.max-sequences=1",
                "--gpt2.request-timeout=12s",
                "--gpt2.shutdown-grace=3s")) {
      server.awaitHealth(200);
      long start = System.nanoTime();
      // It holds the slot up to its deadline, for its client does not read.
      RawHttp holder = server.connect(1).send(RawHttp.post("/v1/completions", LARGE));
      holder.awaitBytes();
      List<Future<Timed>> late = ask(clients, server, 4, ENDLESS + "}");
      sleepUntil(start, 4);
      List<Future<Timed>> inTime = ask(clients, server, 4, Watch.POEM);
      for (Duration jump : JUMPS.subList(0, 3)) {
        clock.move(jump);
        Thread.sleep(1000);
        assertThat(server.health()).isEqualTo(200);
        assertThat(Watch.metric(server, "vllm:num_requests_waiting")).isEqualTo(8);
      }
      List<Duration> refusedAfter = durations(late, 504);
      List<Duration> answeredAfter = durations(inTime, 200);
      holder.leave();

      RawHttp endless =
          server.connect().send(RawHttp.post("/v1/completions", ENDLESS + ", \"stream\": true}"));
      endless.awaitBytes();
      long termination = System.nanoTime();
      clock.move(DAY);
      server.terminate();
      server.awaitHealth(503);
      clock.move(DAY.negated());
      String body = endless.answer().body();
      Duration grace = since(termination);
      int code = server.exitCode();

      assertThat(refusedAfter)
          .allSatisfy(
              took -> assertThat(took).isBetween(Duration.ofSeconds(12), Duration.ofSeconds(14)));
      assertThat(answeredAfter)
          .allSatisfy(
              took -> assertThat(took).isBetween(Duration.ofSeconds(7), Duration.ofSeconds(10)));
      assertThat(body).contains("event: error");
      assertThat(grace).isBetween(Duration.ofSeconds(3), Duration.ofSeconds(5));
      assertThat(code).isEqualTo(143);
      DrillReport.add(
          11,
          DEADLINES_DRILL,
          "`gpt2.request-timeout=12s`; while 8 requests wait for the only slot, held up to its deadline by a"
              + " client who does not read, the clock is set a day forward, right and a day back, where it"
              + " stays; then SIGTERM with `gpt2.shutdown-grace=3s` between a jump forward and one back",
          "none is refused early: the 4 that cannot be done in time get 504 after %s to %s, the 4 that come later are answered after %s to %s; `/health` 200 after every jump; the stream that does not end in time gets `event: error` %s after SIGTERM, exit code %d"
              .formatted(
                  Watch.seconds(refusedAfter.get(0)),
                  Watch.seconds(refusedAfter.get(3)),
                  Watch.seconds(answeredAfter.get(0)),
                  Watch.seconds(answeredAfter.get(3)),
                  Watch.seconds(grace),
                  code));
    } finally {
      clients.shutdownNow();
    }
  }

  private static List<Future<Timed>> ask(
      ExecutorService clients, ChildServer server, int count, String json) {
    List<Future<Timed>> answers = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      answers.add(
          clients.submit(
              () -> {
                long start = System.nanoTime();
                RawHttp.Answer answer = server.post("/v1/completions", json);
                return new Timed(answer, since(start));
              }));
    }
    return answers;
  }

  /** How long each answer took, in order; all must have this status. */
  private static List<Duration> durations(List<Future<Timed>> answers, int status)
      throws Exception {
    List<Duration> durations = new ArrayList<>();
    for (Future<Timed> future : answers) {
      Timed timed = future.get();
      assertThat(timed.answer().status()).as(timed.answer().body()).isEqualTo(status);
      durations.add(timed.took());
    }
    return durations.stream().sorted().toList();
  }

  private static void sleepUntil(long start, int second) throws InterruptedException {
    Duration left = Duration.ofSeconds(second).minus(since(start));
    Thread.sleep(Math.max(0, left.toMillis()));
  }

  private static Duration since(long start) {
    return Duration.ofNanos(System.nanoTime() - start);
  }
}
