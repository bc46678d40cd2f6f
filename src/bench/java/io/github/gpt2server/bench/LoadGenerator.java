package io.github.gpt2server.bench;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/**
 * Clients that stream completions at the same time. They read bytes and count events, no more, so
 * that they take as little as possible of the cores that they share with the server.
 */
final class LoadGenerator {
  private static final byte[] EVENT = "\ndata: {".getBytes(StandardCharsets.UTF_8);

  private final AtomicInteger prompts = new AtomicInteger();
  private final String host;
  private final int port;
  private final InetAddress from;

  LoadGenerator(String host, int port) {
    this(host, port, null);
  }

  /**
   * Clients of an address of their own.
   *
   * @param from where their connections come from, or null for what the system chooses
   */
  LoadGenerator(String host, int port, InetAddress from) {
    this.host = host;
    this.port = port;
    this.from = from;
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
   * Runs {@code streams} clients, each with one streamed completion of a prompt that none before
   * began like.
   *
   * @param extraFields JSON fields for the request, such as {@code "temperature":0}
   */
  Round run(int streams, int promptTokens, int newTokens, String extraFields) {
    return summary(
        stream(
            IntStream.range(0, streams)
                .mapToObj(i -> body(prompt(promptTokens), newTokens, extraFields))
                .toList(),
            newTokens));
  }

  /** Token ids of a prompt that no earlier one began like. */
  int[] prompt(int tokens) {
    int number = prompts.getAndIncrement();
    int[] prompt =
        IntStream.range(0, tokens).map(i -> 100 + (number * 131 + i * 7) % 800).toArray();
    prompt[0] = 1000 + number % 1000;
    if (tokens > 1) {
      prompt[1] = 1000 + number / 1000;
    }
    return prompt;
  }

  static String body(int[] prompt, int newTokens, String extraFields) {
    return "{\"prompt\":%s,\"max_tokens\":%d,\"stream\":true,\"ignore_eos\":true,%s}"
        .formatted(Arrays.toString(prompt), newTokens, extraFields);
  }

  /** Sends all requests at once; of each the times of the request and of its events, in ns. */
  List<long[]> stream(List<String> bodies, int newTokens) {
    ExecutorService pool = Executors.newFixedThreadPool(bodies.size());
    try {
      List<CompletableFuture<long[]>> clients =
          bodies.stream()
              .map(body -> CompletableFuture.supplyAsync(() -> stream(body, newTokens), pool))
              .toList();
      return clients.stream().map(CompletableFuture::join).toList();
    } finally {
      pool.shutdown();
    }
  }

  /** Sends one request; the times of the request and of its events, in ns. */
  long[] stream(String body, int newTokens) {
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
    try (Socket socket = new Socket(InetAddress.getByName(host), port, from, 0)) {
      socket.setTcpNoDelay(true);
      times[count++] = System.nanoTime();
      socket.getOutputStream().write(head.getBytes(StandardCharsets.UTF_8));
      socket.getOutputStream().write(content);
      InputStream in = socket.getInputStream();
      byte[] buffer = new byte[1 << 16];
      StringBuilder start = new StringBuilder();
      // An event begins with a line that begins with "data: {".
      int matched = 0;
      for (int length = in.read(buffer); length >= 0; length = in.read(buffer)) {
        if (start.length() < 200) {
          start.append(new String(buffer, 0, length, StandardCharsets.UTF_8));
        }
        for (int i = 0; i < length; i++) {
          matched = buffer[i] == EVENT[matched] ? matched + 1 : buffer[i] == EVENT[0] ? 1 : 0;
          if (matched == EVENT.length) {
            times[count++] = System.nanoTime();
            matched = 0;
          }
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

  static Round summary(List<long[]> streams) {
    long begin = streams.stream().mapToLong(times -> times[1]).max().orElseThrow();
    // The last event carries the finish reason, the one before it the last token.
    long end = streams.stream().mapToLong(times -> times[times.length - 2]).min().orElseThrow();
    return summary(streams, begin, end);
  }

  /** The same of a span of time that is given, in ns. */
  static Round summary(List<long[]> streams, long begin, long end) {
    List<Double> gaps = new ArrayList<>();
    for (long[] times : streams) {
      for (int i = 2; i < times.length - 1; i++) {
        if (times[i] > begin && times[i] <= end) {
          gaps.add((times[i] - times[i - 1]) / 1e6);
        }
      }
    }
    return new Round(
        gaps.size() / ((end - begin) / 1e9),
        median(streams.stream().mapToDouble(LoadGenerator::firstToken)),
        gaps.stream().mapToDouble(Double::doubleValue).sorted().toArray());
  }

  /** The time of a request to its first token, in milliseconds. */
  static double firstToken(long[] times) {
    return (times[1] - times[0]) / 1e6;
  }

  static double median(DoubleStream values) {
    double[] sorted = values.sorted().toArray();
    return sorted[sorted.length / 2];
  }
}
