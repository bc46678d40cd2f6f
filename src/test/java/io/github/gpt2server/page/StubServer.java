package io.github.gpt2server.page;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * Serves the page's files and, in place of the model, whatever a test scripts: answers that a real
 * server gives rarely or never twice.
 */
final class StubServer implements AutoCloseable {
  /** Writes an answer; what it throws ends the connection in the middle. */
  @FunctionalInterface
  interface Script {
    void answer(Exchange exchange) throws IOException, InterruptedException;
  }

  /** A request as received. */
  record Request(String path, String body, String authorization) {}

  /** One request and the ways to answer it. */
  record Exchange(HttpExchange http, Request request) {
    void json(int status, String body, String... headers) throws IOException {
      for (int i = 0; i < headers.length; i += 2) {
        http.getResponseHeaders().set(headers[i], headers[i + 1]);
      }
      send(http, status, "application/json", body.getBytes(StandardCharsets.UTF_8));
    }

    Events events() throws IOException {
      http.getResponseHeaders().set("Content-Type", "text/event-stream;charset=UTF-8");
      http.sendResponseHeaders(200, 0);
      return new Events(http.getResponseBody());
    }
  }

  /** A stream of events whose pieces reach the browser apart. */
  record Events(OutputStream out) {
    /** Each piece leaves in a packet of its own. */
    Events pieces(byte[]... pieces) throws IOException, InterruptedException {
      for (byte[] piece : pieces) {
        out.write(piece);
        out.flush();
        // Long enough for the browser to read the piece before the next one comes.
        Thread.sleep(20);
      }
      return this;
    }

    Events text(String text) throws IOException, InterruptedException {
      return pieces(text.getBytes(StandardCharsets.UTF_8));
    }

    /** Writes comments until the browser has gone. */
    @SuppressWarnings("InfiniteLoop") // the exception of a closed connection ends it
    void untilGone() throws IOException, InterruptedException {
      while (true) {
        text(": still here\n\n");
      }
    }
  }

  private static final Path PAGE = Path.of("src/main/resources/static");
  private static final Map<String, String> TYPES =
      Map.of(
          "html", "text/html", "js", "text/javascript", "css", "text/css", "svg", "image/svg+xml");

  private final Map<String, Script> scripts = new ConcurrentHashMap<>();
  private final BlockingQueue<Request> requests = new LinkedBlockingQueue<>();
  private final List<String> unknown = new CopyOnWriteArrayList<>();
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final HttpServer http;

  StubServer() throws IOException {
    http = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    http.setExecutor(threads);
    http.createContext("/", this::handle);
    http.start();
  }

  URI base() {
    return URI.create("http://127.0.0.1:" + http.getAddress().getPort() + "/");
  }

  /** From now on the path is answered so. */
  void on(String path, Script script) {
    scripts.put(path, script);
  }

  /** The requests for scripted paths, in the order they came, taken away as they are read. */
  BlockingQueue<Request> requests() {
    return requests;
  }

  /** What was asked for and is neither scripted nor a file of the page. */
  List<String> unknown() {
    return unknown;
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      String path = exchange.getRequestURI().getPath();
      Script script = scripts.get(path);
      if (script == null) {
        file(exchange, path.equals("/") ? "/index.html" : path);
        return;
      }
      String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
      Request request =
          new Request(path, body, exchange.getRequestHeaders().getFirst("Authorization"));
      requests.add(request);
      script.answer(new Exchange(exchange, request));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void file(HttpExchange exchange, String path) throws IOException {
    Path file = PAGE.resolve(path.substring(1));
    if (!Files.isRegularFile(file)) {
      unknown.add(path);
      send(exchange, 404, "text/plain", new byte[0]);
      return;
    }
    String type = TYPES.get(path.substring(path.lastIndexOf('.') + 1));
    send(exchange, 200, type + ";charset=UTF-8", Files.readAllBytes(file));
  }

  private static void send(HttpExchange exchange, int status, String type, byte[] body)
      throws IOException {
    exchange.getResponseHeaders().set("Content-Type", type);
    exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
    exchange.getResponseBody().write(body);
  }

  @Override
  public void close() {
    http.stop(0);
    threads.shutdownNow();
  }
}
