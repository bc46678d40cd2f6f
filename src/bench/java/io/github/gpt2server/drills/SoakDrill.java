package io.github.gpt2server.drills;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.testing.ChildServer;
import io.github.gpt2server.testing.RawHttp;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every endpoint for a long time, with clients that stay and clients that leave. */
class SoakDrill {
  private static final int CLIENTS = 4;
  private static final Duration SAMPLE = Duration.ofSeconds(10);

  /**
   * What is asked besides streams, in turn.
   *
   * @param status what the answer must be
   */
  private record Question(String path, String json, int status) {}

  private static final List<Question> QUESTIONS =
      List.of(
          new Question(
              "/v1/completions", "{\"prompt\": \"The queen\", \"n\": 3, \"logprobs\": 5}", 200),
          new Question("/v1/next-token", "{\"prompt\": \"The king was\", \"top_k\": 4096}", 200),
          new Question(
              "/v1/score", "{\"text\": \"" + "The king was angry. ".repeat(200) + "\"}", 200),
          new Question("/v1/embeddings", "{\"input\": [\"The king.\", \"A queen.\"]}", 200),
          new Question("/v1/inspect", "{\"prompt\": \"The king\", \"attention\": true}", 200),
          new Question("/v1/tokenize", "{\"text\": \"Once upon a time\"}", 200),
          new Question("/v1/completions", "{\"max_tokens\": -1}", 400));

  private final AtomicBoolean ended = new AtomicBoolean();
  private final AtomicInteger answered = new AtomicInteger();
  private final AtomicInteger left = new AtomicInteger();
  private final ConcurrentLinkedQueue<Double> firstTokens = new ConcurrentLinkedQueue<>();

  @TempDir private Path folder;

  /**
   * One moment.
   *
   * @param minute since the start
   * @param resident MiB of memory
   * @param median of the milliseconds to the first token since the moment before
   * @param late the 95th percentile of the same
   */
  record Sample(double minute, double resident, double median, double late) {}

  @Test
  void memoryAndLatencyStayWhereTheyAre() throws Exception {
    int minutes = Integer.getInteger("drills.soak", 15);
    try (ChildServer server =
        new ChildServer(
            folder,
            // A heap that does not grow, so that what grows is not it.
            Map.of("JDK_JAVA_OPTIONS", "-Xms512m -XX:+AlwaysPreTouch"),
            "--gpt2.max-sequences=8")) {
      server.awaitHealth(200);
      String poem = Watch.poem(server);
      List<Sample> samples = soak(server, Duration.ofMinutes(minutes));

      Files.createDirectories(DrillReport.FOLDER);
      Files.writeString(DrillReport.FOLDER.resolve("soak.svg"), SoakPlot.svg(samples));
      Watch.awaitIdle(server);
      assertThat(Watch.poem(server)).isEqualTo(poem);
      server.terminate();
      assertThat(server.exitCode()).isEqualTo(143);
      assertThat(server.output()).doesNotContain("ERROR", "WARN");
      report(minutes, samples);
    }
  }

  private List<Sample> soak(ChildServer server, Duration length) throws Exception {
    List<Sample> samples = new ArrayList<>();
    ExecutorService clients = Executors.newFixedThreadPool(CLIENTS);
    try {
      List<Future<?>> running = new ArrayList<>();
      for (int i = 0; i < CLIENTS; i++) {
        Random random = new Random(i);
        running.add(
            clients.submit(
                () -> {
                  ask(server, random);
                  return null;
                }));
      }
      long start = System.nanoTime();
      while (System.nanoTime() - start < length.toNanos()) {
        Thread.sleep(SAMPLE.toMillis());
        samples.add(sample(server, (System.nanoTime() - start) / 60e9));
      }
      ended.set(true);
      for (Future<?> client : running) {
        client.get();
      }
      return samples;
    } finally {
      ended.set(true);
      clients.shutdownNow();
    }
  }

  private void ask(ChildServer server, Random random) throws Exception {
    for (int i = 0; !ended.get(); i++) {
      if (i % 2 == 0) {
        stream(server, random);
      } else {
        Question question = QUESTIONS.get(i / 2 % QUESTIONS.size());
        assertThat(server.post(question.path(), question.json()).status())
            .as(question.path())
            .isEqualTo(question.status());
        answered.incrementAndGet();
      }
      Thread.sleep(random.nextInt(200));
    }
  }

  private void stream(ChildServer server, Random random) throws Exception {
    String prompt = String.join(" ", Collections.nCopies(1 + random.nextInt(100), "king"));
    String body =
        "{\"prompt\": \"%s\", \"max_tokens\": 60, \"ignore_eos\": true, \"stream\": true}"
            .formatted(prompt);
    try (RawHttp http = server.connect()) {
      long start = System.nanoTime();
      http.send(RawHttp.post("/v1/completions", body)).awaitBytes();
      firstTokens.add((System.nanoTime() - start) / 1e6);
      if (random.nextInt(5) == 0) {
        left.incrementAndGet();
        return;
      }
      RawHttp.Answer answer = http.answer();
      assertThat(answer.status()).isEqualTo(200);
      assertThat(answer.body()).endsWith("data: [DONE]\n\n");
      answered.incrementAndGet();
    }
  }

  private Sample sample(ChildServer server, double minute) throws Exception {
    List<Double> times = new ArrayList<>();
    for (Double time = firstTokens.poll(); time != null; time = firstTokens.poll()) {
      times.add(time);
    }
    Collections.sort(times);
    return new Sample(minute, Watch.resident(server), quantile(times, 50), quantile(times, 95));
  }

  private static double quantile(List<Double> sorted, int percent) {
    return sorted.isEmpty() ? 0 : sorted.get((sorted.size() - 1) * percent / 100);
  }

  private void report(int minutes, List<Sample> samples) throws Exception {
    // The first quarter warms up.
    Sample early = average(samples.subList(samples.size() / 4, samples.size() / 2));
    Sample late = average(samples.subList(samples.size() * 3 / 4, samples.size()));

    // The allocators take memory in steps of up to 22 MiB; a leak of 4 kB an answer would be 40.
    assertThat(late.resident() - early.resident()).as("MiB more").isLessThan(40);
    DrillReport.add(
        9,
        "soak",
        "%d minutes, %d clients: streams of 60 tokens, a fifth of them left in the middle, and every other endpoint in turn"
            .formatted(minutes, CLIENTS),
        String.format(
            Locale.ROOT,
            "%,d answers by contract, %,d left; resident %.0f MiB in the second quarter, %.0f in the last; first token after %.0f and %.0f ms (medians), 95 %% within %.0f and %.0f; see [the plot](soak.svg)",
            answered.get(),
            left.get(),
            early.resident(),
            late.resident(),
            early.median(),
            late.median(),
            early.late(),
            late.late()));
  }

  private static Sample average(List<Sample> samples) {
    return new Sample(
        samples.stream().mapToDouble(Sample::minute).average().orElseThrow(),
        samples.stream().mapToDouble(Sample::resident).average().orElseThrow(),
        samples.stream().mapToDouble(Sample::median).average().orElseThrow(),
        samples.stream().mapToDouble(Sample::late).average().orElseThrow());
  }
}
