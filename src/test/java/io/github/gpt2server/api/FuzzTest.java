package io.github.gpt2server.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

/** Two thousand requests, most of them wrong, get an answer that says so, and hurt nobody. */
@ExtendWith(OutputCaptureExtension.class)
class FuzzTest {
  private static final int CLIENTS = 8;
  private static final int REQUESTS_EACH = 250;

  /** Not ready and late, by contract; CONNECT and unknown encodings, and HTTP of other versions. */
  private static final Set<Integer> ALLOWED = Set.of(503, 504, 501, 505);

  private static final Pattern STATUS = Pattern.compile("HTTP/1\\.1 (\\d{3}) ");
  private static final Pattern LEAK =
      Pattern.compile("<html|Exception|\\tat |(org|java|io|tools|com)\\.[a-z]+\\.");

  private final Queue<String> problems = new ConcurrentLinkedQueue<>();
  private final Map<Integer, Integer> statuses = new ConcurrentHashMap<>();

  @Test
  void everyAnswerIsByContract(CapturedOutput output) throws Exception {
    try (LiveServer server =
        new LiveServer(
            "--gpt2.max-sequences=8",
            "--gpt2.request-timeout=20s",
            "--server.tomcat.connection-timeout=500ms",
            "--server.tomcat.keep-alive-timeout=500ms")) {
      ExecutorService executor = Executors.newFixedThreadPool(CLIENTS);
      try {
        List<Future<?>> clients = new ArrayList<>();
        for (int i = 0; i < CLIENTS; i++) {
          Fuzzer fuzzer = new Fuzzer(i);
          clients.add(
              executor.submit(
                  () -> {
                    for (int j = 0; j < REQUESTS_EACH; j++) {
                      Fuzzer.Request request = fuzzer.next();
                      String problem = problem(request, answer(server, request));
                      if (problem != null) {
                        problems.add(problem + ": " + request);
                      }
                    }
                    return null;
                  }));
        }
        for (Future<?> client : clients) {
          client.get();
        }
      } finally {
        executor.shutdownNow();
      }

      assertThat(problems).isEmpty();
      assertThat(statuses).containsKeys(200, 400, 404, 405, 413);
      server.awaitRequests(0);
      server.awaitStatus(status -> status.running() == 0 && status.waiting() == 0);
      assertThat(server.ask("/v1/completions", "{\"max_tokens\": 2}").get("choices")).hasSize(1);
    }
    assertThat(output.getOut()).doesNotContain("\tat ", "WARN", "ERROR");
  }

  private static String answer(LiveServer server, Fuzzer.Request request) throws IOException {
    try (RawHttp http = server.connect()) {
      try {
        http.send(request.bytes());
      } catch (SocketException e) {
        // Refused before it was all sent; the answer is there all the same.
      }
      return http.rest();
    } catch (SocketTimeoutException e) {
      return "nothing in " + e.getMessage();
    }
  }

  /** What is wrong with the answer, or null. */
  private String problem(Fuzzer.Request request, String answer) {
    Matcher line = STATUS.matcher(answer);
    if (!line.lookingAt()) {
      statuses.merge(0, 1, Integer::sum);
      if (request.withoutVersion() && answer.startsWith("{\"error\":{\"message\":\"")) {
        return null;
      }
      return answer.isEmpty() && !request.complete() ? null : "no answer but " + answer;
    }
    int status = Integer.parseInt(line.group(1));
    statuses.merge(status, 1, Integer::sum);
    if (status < 400) {
      return null;
    }
    return (status < 500 || ALLOWED.contains(status))
            && answer.contains("{\"error\":{\"message\":\"")
            && !LEAK.matcher(answer).find()
        ? null
        : answer;
  }
}
