package io.github.gpt2server.testing;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Stream;

/**
 * An HTTP server that speaks as a Hugging Face hub does, with faults on demand: the API, the
 * redirects within the hub and to a CDN, which is a second server under another host name, the
 * headers that describe a file, ranges, private and gated models.
 */
public final class LookAlikeHub implements AutoCloseable {
  /** The commit of each repository unless said otherwise. */
  public static final String COMMIT = "607a30d783dfa663caf39e06633721c8d4cfcd7e";

  private record Planned(String method, String path, Fault fault, int[] left) {}

  /** A request as it came. */
  public record Request(
      boolean cdn,
      String method,
      String path,
      String range,
      String authorization,
      String proxyAuthorization) {}

  private final HttpServer hub;
  private final HttpServer cdn;
  private final ExecutorService threads = Executors.newCachedThreadPool(LookAlikeHub::daemon);
  private final Map<String, LookAlikeRepository> repositories = new ConcurrentHashMap<>();
  private final Map<String, String> renamed = new ConcurrentHashMap<>();
  private final List<Planned> faults = new CopyOnWriteArrayList<>();
  private final List<Request> requests = new CopyOnWriteArrayList<>();
  private final CountDownLatch closed = new CountDownLatch(1);
  private volatile boolean errorCodes = true;

  /** Starts both servers. */
  public LookAlikeHub() {
    hub = start(false);
    cdn = start(true);
  }

  private HttpServer start(boolean isCdn) {
    try {
      HttpServer server =
          HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
      server.setExecutor(threads);
      server.createContext("/", new HubAnswers(this, isCdn));
      server.start();
      return server;
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Thread daemon(Runnable work) {
    Thread thread = new Thread(work, "look-alike-hub");
    thread.setDaemon(true);
    return thread;
  }

  /** Its address. */
  public String endpoint() {
    return "http://localhost:" + hub.getAddress().getPort();
  }

  public int port() {
    return hub.getAddress().getPort();
  }

  /** Adds an empty repository. */
  public LookAlikeRepository add(String id) {
    return repositories.computeIfAbsent(id, name -> new LookAlikeRepository());
  }

  /** Adds a repository with the files of a folder. */
  public LookAlikeRepository add(String id, Path folder) {
    LookAlikeRepository repository = add(id);
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        repository.put(file.getFileName().toString(), Files.readAllBytes(file));
      }
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
    return repository;
  }

  /** Adds a small model: right for the hub, not for a server. */
  public LookAlikeRepository addSmall(String id, int weights) {
    return add(id)
        .put("config.json", "{\"model_type\": \"gpt2\"}".getBytes(StandardCharsets.UTF_8))
        .put("tokenizer.json", "{\"version\": \"1.0\"}".getBytes(StandardCharsets.UTF_8))
        .put("model.safetensors", numbers(weights))
        .put("README.md", "# A model".getBytes(StandardCharsets.UTF_8))
        .put("tf_model.h5", new byte[100]);
  }

  /** A number of bytes, the same ones each time. */
  public static byte[] numbers(int count) {
    byte[] numbers = new byte[count];
    new Random(7).nextBytes(numbers);
    return numbers;
  }

  /** Redirects an old name. */
  public LookAlikeHub rename(String from, String to) {
    renamed.put(from, to);
    return this;
  }

  /** Makes the hub refuse with nothing but a status from now on, as some mirrors do. */
  public LookAlikeHub withoutErrorCodes() {
    errorCodes = false;
    return this;
  }

  /** The next {@code times} requests of this method, whose path contains this, go wrong. */
  public LookAlikeHub fail(int times, String method, String path, Fault fault) {
    faults.add(new Planned(method, path, fault, new int[] {times}));
    return this;
  }

  /** Ends all faults that have not happened yet. */
  public LookAlikeHub heal() {
    faults.clear();
    return this;
  }

  /** The requests so far. */
  public List<Request> requests() {
    return List.copyOf(requests);
  }

  /** The number of requests with this method to paths that contain this. */
  public long count(String method, String path) {
    return requests.stream()
        .filter(r -> r.method().equals(method) && r.path().contains(path))
        .count();
  }

  /** Forgets the requests so far. */
  public void forget() {
    requests.clear();
  }

  /** Sends this many bytes of the body, then nothing, and does not close the connection. */
  public Fault stallAfter(int bytes) {
    return (exchange, content) -> {
      if (content.bytes() != null && !exchange.getRequestMethod().equals("HEAD")) {
        content.begin(exchange).write(content.bytes(), content.offset(), bytes);
        exchange.getResponseBody().flush();
      }
      awaitClose();
      return true;
    };
  }

  private void awaitClose() {
    try {
      closed.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Lets the request fail if that was planned, and returns whether it was. */
  boolean isFaulty(HttpExchange exchange, Fault.Content content) throws IOException {
    String path = exchange.getRequestURI().getRawPath();
    for (Planned planned : faults) {
      if (planned.method().equals(exchange.getRequestMethod()) && path.contains(planned.path())) {
        synchronized (planned) {
          if (planned.left()[0] <= 0) {
            continue;
          }
          planned.left()[0]--;
        }
        return planned.fault().happen(exchange, content);
      }
    }
    return false;
  }

  /** Notes a request. */
  void note(Request request) {
    requests.add(request);
  }

  /** A repository, null if there is none of this name. */
  LookAlikeRepository repository(String id) {
    return repositories.get(id);
  }

  /** The present name of a repository, null if it was never renamed. */
  String newName(String id) {
    return renamed.get(id);
  }

  /** Returns whether refusals have a code that gives the reason. */
  boolean givesErrorCodes() {
    return errorCodes;
  }

  int cdnPort() {
    return cdn.getAddress().getPort();
  }

  @Override
  public void close() {
    closed.countDown();
    hub.stop(0);
    cdn.stop(0);
    threads.shutdownNow();
  }
}
