package io.github.gpt2server.testing;

import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Many clients that send requests of a {@link Fuzzer}, and the problems of their answers. */
public final class FuzzRun {
  private static final int CLIENTS = 8;

  /**
   * Allowed statuses of 500 and above: not ready and late, by contract; CONNECT and unknown
   * encodings, and HTTP of other versions.
   */
  private static final Set<Integer> ALLOWED = Set.of(503, 504, 501, 505);

  private static final Pattern STATUS = Pattern.compile("HTTP/1\\.1 (\\d{3}) ");
  private static final Pattern LEAK =
      Pattern.compile("<html|Exception|\\tat |(org|java|io|tools|com)\\.[a-z]+\\.");

  private final Queue<String> problems = new ConcurrentLinkedQueue<>();
  private final Map<Integer, Integer> statuses = new ConcurrentHashMap<>();

  /**
   * Sends this number of requests and waits for the answers.
   *
   * @param server opens a connection to the server
   */
  public void send(Callable<RawHttp> server, int requests) throws Exception {
    ExecutorService executor = Executors.newFixedThreadPool(CLIENTS);
    try {
      List<Future<?>> clients = new ArrayList<>();
      for (int i = 0; i < CLIENTS; i++) {
        Fuzzer fuzzer = new Fuzzer(i);
        clients.add(
            executor.submit(
                () -> {
                  for (int j = 0; j < requests / CLIENTS; j++) {
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
  }

  /** The answers that are not by contract, each with its request. */
  public Queue<String> problems() {
    return problems;
  }

  /** The number of answers with each status; 0 stands for none. */
  public Map<Integer, Integer> statuses() {
    return statuses;
  }

  private static String answer(Callable<RawHttp> server, Fuzzer.Request request) throws Exception {
    try (RawHttp http = server.call()) {
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

  /** The problem of an answer, or null. */
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
