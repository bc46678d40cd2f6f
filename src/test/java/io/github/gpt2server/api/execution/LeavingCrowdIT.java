package io.github.gpt2server.api.execution;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.testing.LiveServer;
import io.github.gpt2server.testing.OwnServer;
import io.github.gpt2server.testing.RawHttp;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/** Two hundred clients that leave in every way there is cost nothing in the end. */
@OwnServer({"--gpt2.max-sequences=4", "--gpt2.max-queue=32"})
class LeavingCrowdIT {
  private static final String POEM =
      "{\"prompt\": \"The king\", \"max_tokens\": 30, \"temperature\": 0}";
  private static final String LONG =
      "{\"prompt\": \"Once upon a time\", \"n\": 20, \"max_tokens\": 500, \"ignore_eos\": true";
  // A hundred long prompts, 200 KB of token ids that would stay in memory.
  private static final String PREFILL =
      "{\"max_tokens\": 1, \"prompt\": ["
          + ("[" + "7,".repeat(505) + "7],").repeat(99)
          + "["
          + "7,".repeat(505)
          + "7]]}";

  private static LiveServer server;

  @Test
  void nothingIsLost() throws Exception {
    String text = server.ask("/v1/completions", POEM).at("/choices/0/text").stringValue();
    // Grows what may grow: Tomcat's threads, caches, classes.
    leave(40);
    int threads = settledThreads();
    long heap = usedHeap();

    leave(200);

    server.awaitStatus(
        status -> status.running() == 0 && status.waiting() == 0 && status.kvCacheUsage() == 0);
    // Tomcat keeps for a minute as many idle threads as were busy at once: those of the requests
    // that ran, waited or were being refused. A thread lost to every leaver would be 200.
    assertThat(settledThreads()).as("threads").isLessThan(threads + 4 + 32 + 10 + 10);
    assertThat((usedHeap() - heap) >> 20).as("MiB of heap").isLessThan(10);
    assertThat(server.ask("/v1/completions", POEM).at("/choices/0/text").stringValue())
        .isEqualTo(text);
  }

  private static void leave(int clients) throws Exception {
    ExecutorService executor = Executors.newFixedThreadPool(10);
    try {
      List<Future<?>> left = new ArrayList<>();
      for (int i = 0; i < clients; i++) {
        int client = i;
        left.add(
            executor.submit(
                () -> {
                  leave(client, new Random(client));
                  return null;
                }));
      }
      for (Future<?> future : left) {
        future.get();
      }
    } finally {
      executor.shutdownNow();
    }
  }

  /** Ten of these at once hold four slots and wait in the queue for more. */
  private static void leave(int kind, Random random) throws IOException, InterruptedException {
    RawHttp client = server.connect();
    switch (kind % 5) {
      case 0 -> {
        client.send(RawHttp.post("/v1/completions", LONG + ", \"stream\": true}"));
        client.awaitBytes();
      }
      case 1 -> client.send(RawHttp.post("/v1/completions", LONG + "}"));
      case 2 -> client.send(RawHttp.post("/v1/completions", PREFILL));
      case 3 -> client.send(RawHttp.post("/v1/next-token", PREFILL.replace("max_tokens", "top_k")));
      default -> {
        // Half a request.
        String post = RawHttp.post("/v1/completions", LONG + "}");
        client.send(post.substring(0, random.nextInt(post.length())));
      }
    }
    Thread.sleep(random.nextInt(100));
    if (random.nextBoolean()) {
      client.leave();
    } else {
      client.reset();
    }
  }

  /** How many threads there are once no request holds one. */
  private static int settledThreads() {
    server.awaitRequests(0);
    return ManagementFactory.getThreadMXBean().getThreadCount();
  }

  private static long usedHeap() {
    System.gc();
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }
}
