package io.github.gpt2server.drills;

import io.github.gpt2server.testing.ChildServer;
import io.github.gpt2server.testing.RawHttp;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import tools.jackson.databind.json.JsonMapper;

/** Eight clients who stream one text after another, and hold each against what it was alone. */
final class OrdinaryStreams implements AutoCloseable {
  private static final List<String> PROMPTS =
      List.of(
          "Once upon a time",
          "The king",
          "The princess said",
          "In the forest",
          "A poor man had",
          "There was once",
          "The youngest brother",
          "At midnight");

  private final ChildServer server;
  private final List<String> alone = new ArrayList<>();
  private final ExecutorService clients = Executors.newFixedThreadPool(PROMPTS.size());
  private final List<Future<?>> running = new ArrayList<>();
  private final AtomicLong largestGap = new AtomicLong();
  private final AtomicLong longestWait = new AtomicLong();
  private final AtomicInteger complete = new AtomicInteger();
  private final Queue<String> problems = new ConcurrentLinkedQueue<>();
  private volatile boolean ended;

  /** Learns what each text is alone, then starts the clients. */
  OrdinaryStreams(ChildServer server) throws Exception {
    this.server = server;
    for (String prompt : PROMPTS) {
      alone.add(stream(prompt));
    }
    reset();
    for (int i = 0; i < PROMPTS.size(); i++) {
      int client = i;
      running.add(clients.submit(() -> run(client)));
    }
  }

  /** Begins to count anew. */
  void reset() {
    largestGap.set(0);
    longestWait.set(0);
    complete.set(0);
    problems.clear();
  }

  /** The longest time between two tokens of a text. */
  Duration largestGap() {
    return Duration.ofNanos(largestGap.get());
  }

  /** The longest time to a first token. */
  Duration longestWait() {
    return Duration.ofNanos(longestWait.get());
  }

  /** The number of texts that were complete and the same as alone. */
  int complete() {
    return complete.get();
  }

  /** What was not as it should be. */
  List<String> problems() {
    return List.copyOf(problems);
  }

  private void run(int client) {
    while (!ended) {
      try {
        String text = stream(PROMPTS.get(client));
        if (text.equals(alone.get(client))) {
          complete.incrementAndGet();
        } else {
          problems.add("another text: " + text);
        }
      } catch (Exception e) {
        problems.add(e.toString());
        if (!server.alive()) {
          return;
        }
      }
    }
  }

  private String stream(String prompt) throws Exception {
    StringBuilder text = new StringBuilder();
    long last = System.nanoTime();
    try (RawHttp http = server.connect()) {
      http.send(
          RawHttp.post(
              "/v1/completions",
              "{\"prompt\":\"%s\",\"max_tokens\":100,\"ignore_eos\":true,\"temperature\":0,\"stream\":true}"
                  .formatted(prompt)));
      String status = http.line();
      if (!status.contains(" 200")) {
        throw new IllegalStateException(status + http.rest());
      }
      boolean first = true;
      for (String line = http.line(); !line.equals("data: [DONE]"); line = http.line()) {
        if (line.startsWith("event: error")) {
          throw new IllegalStateException(http.line());
        }
        if (line.startsWith("data: ")) {
          long now = System.nanoTime();
          (first ? longestWait : largestGap).accumulateAndGet(now - last, Math::max);
          first = false;
          last = now;
          text.append(
              JsonMapper.shared()
                  .readTree(line.substring("data: ".length()))
                  .at("/choices/0/text")
                  .stringValue(""));
        }
      }
    }
    return text.toString();
  }

  /** Lets the clients end what they do. */
  @Override
  public void close() throws ExecutionException {
    ended = true;
    try {
      for (Future<?> client : running) {
        client.get();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    clients.shutdown();
  }
}
