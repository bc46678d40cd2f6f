package io.github.gpt2server.drills;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.testing.ChildServer;
import io.github.gpt2server.testing.RawHttp;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Servers that are asked to end, or killed, in the middle of their work, and started again. */
class EndDrill {
  @TempDir private Path folder;

  @Test
  void sigtermUnderLoad() throws Exception {
    String body =
        "{\"prompt\": \"Once upon a time\", \"max_tokens\": 200, \"ignore_eos\": true,"
            + " \"stream\": true}";
    try (ChildServer server =
        new ChildServer(folder, "--gpt2.max-sequences=8", "--gpt2.shutdown-grace=2m")) {
      server.awaitHealth(200);
      List<RawHttp> streams = new ArrayList<>();
      for (int i = 0; i < 64; i++) {
        streams.add(server.connect().send(RawHttp.post("/v1/completions", body)));
      }
      Watch.await(
          () ->
              Watch.metric(server, "vllm:num_requests_running")
                      + Watch.metric(server, "vllm:num_requests_waiting")
                  > 32);

      long start = System.nanoTime();
      server.terminate();
      server.awaitHealth(503);
      Duration unready = Duration.ofNanos(System.nanoTime() - start);
      int late = 0;
      for (int i = 0; i < 16; i++) {
        late += server.post("/v1/completions", "{\"max_tokens\": 1}").status() == 503 ? 1 : 0;
      }
      int whole = 0;
      for (RawHttp stream : streams) {
        RawHttp.Answer answer = stream.answer();
        whole += answer.status() == 200 && answer.body().endsWith("data: [DONE]\n\n") ? 1 : 0;
        stream.close();
      }
      int code = server.exitCode();
      Duration took = Duration.ofNanos(System.nanoTime() - start);

      assertThat(whole).isEqualTo(64);
      assertThat(late).isEqualTo(16);
      assertThat(code).isEqualTo(143);
      assertThat(server.leftovers()).isEmpty();
      DrillReport.add(
          6,
          "SIGTERM under load",
          "64 streams of 200 tokens on 8 slots, SIGTERM, then 16 more requests",
          "`/health` 503 after %s; %d of 64 streams whole, %d of 16 late requests refused with 503; exit code %d after %s"
              .formatted(Watch.seconds(unready), whole, late, code, Watch.seconds(took)));
    }
  }

  /** libtorch, 450 MB, is unpacked into a cache at the first start: a kill finds it half done. */
  @Test
  void killedAndStartedAgain() throws Exception {
    Path cache = Files.createDirectory(folder.resolve("cache"));
    Map<String, String> variables = Map.of("DJL_CACHE_DIR", cache.toString());
    // In the order in which they are written; each kill comes when so much of the file is there.
    Map<String, Integer> files = new LinkedHashMap<>();
    files.put("libc10.so", 1);
    files.put("libtorch_cpu.so", 200_000_000);
    files.put("libdjl_torch.so", 1);
    files.put("libtokenizers.so", 1);
    for (Map.Entry<String, Integer> file : files.entrySet()) {
      try (ChildServer server = new ChildServer(folder, variables)) {
        Watch.await(() -> size(written(cache, file.getKey())) >= file.getValue());
        server.kill();
      }
    }
    List<Path> halfWritten = written(cache, "unpacking-");
    long leftOver = size(halfWritten);
    String poem;
    try (ChildServer server = new ChildServer(folder, variables)) {
      server.awaitHealth(200);
      // Another process might be writing them.
      assertThat(written(cache, "unpacking-")).containsExactlyInAnyOrderElementsOf(halfWritten);
      poem = Watch.poem(server);
      List<RawHttp> streams = new ArrayList<>();
      for (int i = 0; i < 16; i++) {
        streams.add(
            server
                .connect()
                .send(
                    RawHttp.post(
                        "/v1/completions",
                        "{\"max_tokens\": 400, \"ignore_eos\": true, \"stream\": true}")));
      }
      streams.get(0).awaitBytes();
      server.kill();
      for (RawHttp stream : streams) {
        assertThat(stream.rest()).doesNotContain("[DONE]");
      }
    }
    age(cache, Duration.ofHours(2));
    long start = System.nanoTime();
    try (ChildServer server = new ChildServer(folder, variables)) {
      server.awaitHealth(200);
      Duration ready = Duration.ofNanos(System.nanoTime() - start);

      assertThat(Watch.poem(server)).isEqualTo(poem);
      assertThat(server.errors()).isEmpty();
      assertThat(written(cache, "unpacking-")).isEmpty();
      DrillReport.add(
          7,
          "kill -9 and restart",
          "starts killed while %s were being unpacked, then one killed under 16 streams"
              .formatted(String.join(", ", files.keySet())),
          "%d MB of half-written files, which the next starts passed over; they serve, ready after %s, the same text; a start two hours later (the files' times are set back) removed them all; no lock stays behind"
              .formatted(leftOver / 1_000_000, Watch.seconds(ready)));
    }
  }

  /** Makes everything in a folder as old as if it had been written so long ago. */
  private static void age(Path folder, Duration by) throws IOException {
    FileTime time = FileTime.from(Instant.now().minus(by));
    try (Stream<Path> paths = Files.walk(folder)) {
      for (Path path : (Iterable<Path>) paths::iterator) {
        Files.setLastModifiedTime(path, time);
      }
    }
  }

  /** Files in the cache with this in their path. */
  private static List<Path> written(Path cache, String part) throws IOException {
    try (Stream<Path> files = Files.walk(cache)) {
      return files
          .filter(file -> cache.relativize(file).toString().contains(part))
          .filter(Files::isRegularFile)
          .toList();
    } catch (UncheckedIOException e) {
      // A folder got its name while it was looked at.
      return List.of();
    }
  }

  private static long size(List<Path> files) {
    return files.stream().mapToLong(file -> file.toFile().length()).sum();
  }
}
