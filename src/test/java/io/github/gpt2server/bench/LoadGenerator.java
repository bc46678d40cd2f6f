package io.github.gpt2server.bench;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/**
 * Clients that stream completions at the same time. They read bytes and count events, no more, so
 * that they take as little as possible of the cores that they share with the server.
 */
final class LoadGenerator {
  private final String host;
  private final int port;

  LoadGenerator(String host, int port) {
    this.host = host;
    this.port = port;
  }

  /**
   * What one round of clients saw.
   *
   * @param tokensPerSecond all streams together, from the first token of the last stream to begin
   *     to the last token of the first stream to end, when every stream is running
   * @param firstToken the median time to the first token, in milliseconds
   * @param gaps all times between one stream's tokens in that span, in milliseconds, ascending
   */
  record Round(double tokensPerSecond, double firstToken, double[] gaps) {
    double gap(double quantile) {
      return gaps[(int) Math.min(gaps.length - 1L, Math.round(quantile * gaps.length))];
    }
  }

  /**
   * Runs {@code streams} clients, each with one streamed completion.
   *
   * @param extraFields JSON fields for the request, such as {@code "temperature":0}
   */
  Round run(int streams, int promptTokens, int newTokens, String extraFields) {
    ExecutorService pool = Executors.newFixedThreadPool(streams);
    try {
      List<CompletableFuture<long[]>> clients =
          IntStream.range(0, streams)
              .mapToObj(
                  i ->
                      CompletableFuture.supplyAsync(
                          () -> stream(body(i, promptTokens, newTokens, extraFields), newTokens),
                          pool))
              .toList();
      return summary(clients.stream().map(CompletableFuture::join).toList());
    } finally {
      pool.shutdown();
    }
  }

  private static String body(int stream, int promptTokens, int newTokens, String extraFields) {
    String prompt =
        IntStream.range(0, promptTokens)
            .mapToObj(i -> String.valueOf(100 + (stream * 131 + i * 7) % 800))
            .collect(Collectors.joining(",", "[", "]"));
    return "{\"prompt\":%s,\"max_tokens\":%d,\"stream\":true,\"ignore_eos\":true,%s}"
        .formatted(prompt, newTokens, extraFields);
  }

  /** Sends one request; the times of the request and of each event, in nanoseconds. */
  private long[] stream(String body, int newTokens) {
    byte[] content = body.getBytes(StandardCharsets.UTF_8);
    String head =
        String.join(
            "\r\n",
            "POST /v1/completions HTTP/1.1",
            "Host: " + host,
            "Content-Type: application/json",
            "Content-Length: " + content.length,
            "Connection: close",
            "",
            "");
    long[] times = new long[newTokens + 8];
    int count = 0;
    try (Socket socket = new Socket(host, port)) {
      socket.setTcpNoDelay(true);
      times[count++] = System.nanoTime();
      socket.getOutputStream().write(head.getBytes(StandardCharsets.UTF_8));
      socket.getOutputStream().write(content);
      InputStream in = new BufferedInputStream(socket.getInputStream(), 1 << 16);
      StringBuilder start = new StringBuilder();
      // An event begins with a line that begins with "data: {".
      int matched = 0;
      byte[] mark = "\ndata: {".getBytes(StandardCharsets.UTF_8);
      for (int b = in.read(); b >= 0; b = in.read()) {
        if (start.length() < 200) {
          start.append((char) b);
        }
        matched = b == mark[matched] ? matched + 1 : b == mark[0] ? 1 : 0;
        if (matched == mark.length) {
          times[count++] = System.nanoTime();
          matched = 0;
        }
      }
      if (count < newTokens / 2) {
        throw new IllegalStateException("the server answered " + start);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return Arrays.copyOf(times, count);
  }

  private static Round summary(List<long[]> streams) {
    long begin = streams.stream().mapToLong(times -> times[1]).max().orElseThrow();
    // The last event carries the finish reason, the one before it the last token.
    long end = streams.stream().mapToLong(times -> times[times.length - 2]).min().orElseThrow();
    long tokens = 0;
    List<Double> gaps = new ArrayList<>();
    for (long[] times : streams) {
      for (int i = 2; i < times.length - 1; i++) {
        if (times[i] > begin && times[i] <= end) {
          tokens++;
          gaps.add((times[i] - times[i - 1]) / 1e6);
        }
      }
    }
    double[] first =
        streams.stream().mapToDouble(times -> (times[1] - times[0]) / 1e6).sorted().toArray();
    return new Round(
        tokens / ((end - begin) / 1e9),
        first[first.length / 2],
        gaps.stream().mapToDouble(Double::doubleValue).sorted().toArray());
  }

  static double median(DoubleStream values) {
    double[] sorted = values.sorted().toArray();
    return sorted[sorted.length / 2];
  }
}
