package io.github.gpt2server.hub;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * An HTTP server that speaks as a Hugging Face hub does, with faults on demand: the API, the
 * redirects within the hub and to a CDN, which is a second server under another host name, the
 * headers that describe a file, ranges, private and gated models.
 */
public final class LookAlikeHub implements AutoCloseable {
  /** The commit of each repository unless said otherwise. */
  public static final String COMMIT = "607a30d783dfa663caf39e06633721c8d4cfcd7e";

  private static final Pattern INFO = Pattern.compile("/api/models/(.+)/revision/([^/]+)");
  private static final Pattern REFS = Pattern.compile("/api/models/(.+)/refs");
  private static final Pattern MODEL = Pattern.compile("/api/models/(.+)");
  private static final Pattern RESOLVE = Pattern.compile("/(.+)/resolve/([^/]+)/(.+)");
  private static final Pattern RESOLVE_CACHE =
      Pattern.compile("/api/resolve-cache/models/(.+)/([0-9a-f]{40})/([^?]+)");

  /** A repository; what it is can be changed at any time. */
  public static final class Repository {
    private final Map<String, byte[]> files = new ConcurrentHashMap<>();
    private final Map<String, String> revisions = new ConcurrentHashMap<>(Map.of("main", COMMIT));
    private final Set<String> tags = ConcurrentHashMap.newKeySet();
    private volatile boolean gated;
    private volatile String token;

    Repository put(String name, byte[] content) {
      files.put(name, content);
      return this;
    }

    Repository remove(String name) {
      files.remove(name);
      return this;
    }

    byte[] content(String name) {
      return files.get(name);
    }

    Repository tag(String name, String commit) {
      revisions.put(name, commit);
      tags.add(name);
      return this;
    }

    Repository branch(String name, String commit) {
      revisions.put(name, commit);
      return this;
    }

    /** Only whoever sends this token sees it. */
    public Repository privateTo(String secret) {
      token = secret;
      return this;
    }

    /** Everybody sees it, only this token gets its files. */
    Repository gatedFor(String secret) {
      gated = true;
      token = secret;
      return this;
    }
  }

  /** What to do instead of answering; false to answer as usual after all. */
  @FunctionalInterface
  public interface Fault {
    /** Does it. */
    boolean happen(HttpExchange exchange, Content content) throws IOException;
  }

  /** What would have been sent: {@code bytes} from {@code offset} on; null bytes for the API. */
  public record Content(byte[] bytes, int offset) {}

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
  private final Map<String, Repository> repositories = new ConcurrentHashMap<>();
  private final Map<String, String> renamed = new ConcurrentHashMap<>();
  private final List<Planned> faults = new CopyOnWriteArrayList<>();
  private final List<Request> requests = new CopyOnWriteArrayList<>();
  private final CountDownLatch closed = new CountDownLatch(1);
  private volatile boolean errorCodes = true;

  /** Starts both servers. */
  public LookAlikeHub() {
    this(0);
  }

  LookAlikeHub(int port) {
    hub = start(port, false);
    cdn = start(0, true);
  }

  private HttpServer start(int port, boolean isCdn) {
    try {
      final HttpServer server =
          HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
      server.setExecutor(threads);
      server.createContext("/", exchange -> serve(exchange, isCdn));
      server.start();
      return server;
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Thread daemon(Runnable work) {
    final Thread thread = new Thread(work, "look-alike-hub");
    thread.setDaemon(true);
    return thread;
  }

  /** Its address. */
  public String endpoint() {
    return "http://localhost:" + hub.getAddress().getPort();
  }

  int port() {
    return hub.getAddress().getPort();
  }

  /** Adds an empty repository. */
  public Repository add(String id) {
    return repositories.computeIfAbsent(id, name -> new Repository());
  }

  /** Adds a repository with the files of a folder. */
  public Repository add(String id, Path folder) {
    final Repository repository = add(id);
    try (Stream<Path> files = Files.list(folder)) {
      for (final Path file : files.filter(Files::isRegularFile).toList()) {
        repository.put(file.getFileName().toString(), Files.readAllBytes(file));
      }
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
    return repository;
  }

  /** Redirects an old name. */
  public LookAlikeHub rename(String from, String to) {
    renamed.put(from, to);
    return this;
  }

  /** From now on the hub says nothing but the status of what it refuses, as some mirrors do. */
  LookAlikeHub withoutErrorCodes() {
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

  /** What was asked so far. */
  public List<Request> requests() {
    return List.copyOf(requests);
  }

  /** How often a method was asked of paths that contain this. */
  public long count(String method, String path) {
    return requests.stream()
        .filter(r -> r.method().equals(method) && r.path().contains(path))
        .count();
  }

  /** Forgets what was asked so far. */
  public void forget() {
    requests.clear();
  }

  // Faults.

  static Fault status(int status, String... headers) {
    return (exchange, content) -> {
      for (int i = 0; i < headers.length; i += 2) {
        exchange.getResponseHeaders().set(headers[i], headers[i + 1]);
      }
      exchange.sendResponseHeaders(status, -1);
      return true;
    };
  }

  /** Sends this many bytes of the body, then closes the connection. */
  static Fault cutAfter(int bytes) {
    return (exchange, content) -> {
      begin(exchange, content).write(content.bytes(), content.offset(), bytes);
      exchange.getResponseBody().flush();
      return true;
    };
  }

  /** Sends this many bytes of the body, then nothing, and does not close the connection. */
  public Fault stallAfter(int bytes) {
    return (exchange, content) -> {
      if (content.bytes() != null && !exchange.getRequestMethod().equals("HEAD")) {
        begin(exchange, content).write(content.bytes(), content.offset(), bytes);
        exchange.getResponseBody().flush();
      }
      awaitClose();
      return true;
    };
  }

  /** Sends everything, with one bit of it turned. */
  static Fault corrupt() {
    return (exchange, content) -> {
      final byte[] wrong = content.bytes().clone();
      wrong[wrong.length - 1] ^= 1;
      begin(exchange, content).write(wrong, content.offset(), wrong.length - content.offset());
      return true;
    };
  }

  /** Runs this in the middle of a body. */
  public static Fault inTheMiddle(Runnable event) {
    return (exchange, content) -> {
      final int half = (content.bytes().length - content.offset()) / 2;
      final OutputStream body = begin(exchange, content);
      body.write(content.bytes(), content.offset(), half);
      body.flush();
      event.run();
      body.write(
          content.bytes(),
          content.offset() + half,
          content.bytes().length - content.offset() - half);
      return true;
    };
  }

  /** Sends everything whatever range is asked for. */
  static Fault ignoreRange() {
    return (exchange, content) -> {
      begin(exchange, new Content(content.bytes(), 0)).write(content.bytes());
      return true;
    };
  }

  /** Sends so many bytes a second. */
  public static Fault throttle(int bytesPerSecond) {
    return (exchange, content) -> {
      final OutputStream body = begin(exchange, content);
      final int step = Math.max(1, bytesPerSecond / 20);
      for (int at = content.offset(); at < content.bytes().length; at += step) {
        body.write(content.bytes(), at, Math.min(step, content.bytes().length - at));
        body.flush();
        try {
          Thread.sleep(50);
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          return true;
        }
      }
      return true;
    };
  }

  private static OutputStream begin(HttpExchange exchange, Content content) throws IOException {
    final int length = content.bytes().length;
    if (content.offset() > 0) {
      exchange
          .getResponseHeaders()
          .set("Content-Range", "bytes %d-%d/%d".formatted(content.offset(), length - 1, length));
    }
    exchange.sendResponseHeaders(content.offset() > 0 ? 206 : 200, length - content.offset());
    return exchange.getResponseBody();
  }

  private void awaitClose() {
    try {
      closed.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  // Answers.

  private void serve(HttpExchange exchange, boolean isCdn) {
    final URI uri = exchange.getRequestURI();
    final Headers headers = exchange.getRequestHeaders();
    requests.add(
        new Request(
            isCdn,
            exchange.getRequestMethod(),
            uri.getRawPath(),
            headers.getFirst("Range"),
            headers.getFirst("Authorization"),
            headers.getFirst("Proxy-Authorization")));
    try (exchange) {
      if (isCdn) {
        final String[] parts = uri.getRawPath().split("/", -1);
        sendFile(exchange, repositories.get(decode(parts[1])).files.get(decode(parts[2])));
      } else {
        answer(exchange, uri.getRawPath());
      }
    } catch (IOException e) {
      // The client is gone, or a fault has cut the body: closing the exchange ends the connection.
    }
  }

  private void answer(HttpExchange exchange, String path) throws IOException {
    Matcher m = RESOLVE_CACHE.matcher(path);
    if (m.matches()) {
      final byte[] content = repositories.get(m.group(1)).files.get(decode(m.group(3)));
      describe(exchange, m.group(2), null);
      exchange.getResponseHeaders().set("ETag", "\"" + gitHash(content) + "\"");
      sendFile(exchange, content);
      return;
    }
    m = RESOLVE.matcher(path);
    if (m.matches()) {
      final String rest = "/resolve/%s/%s".formatted(m.group(2), m.group(3));
      if (isReady(exchange, m.group(1), "/", rest, true)) {
        resolve(exchange, m.group(1), decode(m.group(2)), decode(m.group(3)));
      }
      return;
    }
    m = INFO.matcher(path);
    if (m.matches()) {
      if (isReady(exchange, m.group(1), "/api/models/", "/revision/" + m.group(2), false)) {
        info(exchange, m.group(1), decode(m.group(2)));
      }
      return;
    }
    m = REFS.matcher(path);
    if (m.matches()) {
      if (isReady(exchange, m.group(1), "/api/models/", "/refs", false)) {
        refs(exchange, repositories.get(m.group(1)));
      }
      return;
    }
    m = MODEL.matcher(path);
    if (m.matches() && isReady(exchange, m.group(1), "/api/models/", "", false)) {
      info(exchange, m.group(1), "main");
    }
  }

  /** Whether there is something to answer; if not, it has been said. */
  private boolean isReady(
      HttpExchange exchange, String id, String before, String after, boolean file)
      throws IOException {
    if (planned(exchange, new Content(null, 0))) {
      return false;
    }
    if (renamed.containsKey(id)) {
      exchange.getResponseHeaders().set("Location", before + renamed.get(id) + after);
      exchange.sendResponseHeaders(307, -1);
      return false;
    }
    final Repository repository = repositories.get(id);
    final String sent = exchange.getRequestHeaders().getFirst("Authorization");
    if (sent != null && sent.startsWith("Bearer bad")) {
      refuse(exchange, 401, null, "Invalid credentials in Authorization header");
      return false;
    }
    final boolean allowed =
        repository != null
            && (repository.token == null || ("Bearer " + repository.token).equals(sent));
    if (repository == null || (!allowed && !repository.gated)) {
      // As the hub does: who has not said who they are might be allowed to see it.
      refuse(
          exchange,
          sent == null ? 401 : 404,
          sent == null ? null : "RepoNotFound",
          sent == null ? "Invalid username or password." : "Repository not found");
      return false;
    }
    if (!allowed && file) {
      refuse(exchange, sent == null ? 401 : 403, "GatedRepo", "Access to model is restricted.");
      return false;
    }
    return true;
  }

  private void refuse(HttpExchange exchange, int status, String code, String message)
      throws IOException {
    if (errorCodes) {
      if (code != null) {
        exchange.getResponseHeaders().set("X-Error-Code", code);
      }
      exchange.getResponseHeaders().set("X-Error-Message", message);
    }
    exchange.sendResponseHeaders(errorCodes ? status : 404, -1);
  }

  private void info(HttpExchange exchange, String id, String revision) throws IOException {
    final Repository repository = repositories.get(id);
    final String commit = commit(repository, revision);
    if (commit == null) {
      refuse(exchange, 404, "RevisionNotFound", "Invalid rev id: " + revision);
      return;
    }
    final String siblings =
        new TreeSet<>(repository.files.keySet())
            .stream().map("{\"rfilename\":\"%s\"}"::formatted).collect(Collectors.joining(","));
    sendJson(
        exchange,
        "{\"id\":\"%s\",\"sha\":\"%s\",\"private\":false,\"siblings\":[%s]}"
            .formatted(id, commit, siblings));
  }

  private static void refs(HttpExchange exchange, Repository repository) throws IOException {
    final Map<Boolean, String> names =
        new TreeMap<>(repository.revisions)
            .entrySet().stream()
                .collect(
                    Collectors.partitioningBy(
                        e -> repository.tags.contains(e.getKey()),
                        Collectors.mapping(
                            e ->
                                "{\"name\":\"%s\",\"targetCommit\":\"%s\"}"
                                    .formatted(e.getKey(), e.getValue()),
                            Collectors.joining(","))));
    sendJson(
        exchange,
        "{\"branches\":[%s],\"tags\":[%s],\"converts\":[]}"
            .formatted(names.get(false), names.get(true)));
  }

  private void resolve(HttpExchange exchange, String id, String revision, String file)
      throws IOException {
    final Repository repository = repositories.get(id);
    final String commit = commit(repository, revision);
    final byte[] content = repository.files.get(file);
    if (commit == null || content == null) {
      refuse(
          exchange, 404, commit == null ? "RevisionNotFound" : "EntryNotFound", "Entry not found");
      return;
    }
    final boolean large = isLarge(file);
    describe(exchange, commit, large ? sha256(content) : gitHash(content));
    exchange.getResponseHeaders().set("X-Linked-Size", String.valueOf(content.length));
    if (large) {
      exchange.getResponseHeaders().set("X-Xet-Hash", sha256(id.getBytes(StandardCharsets.UTF_8)));
      exchange
          .getResponseHeaders()
          .set(
              "Location",
              "http://127.0.0.1:%d/%s/%s?X-Signature=abc"
                  .formatted(cdn.getAddress().getPort(), id.replace("/", "%2F"), file));
      exchange.sendResponseHeaders(302, -1);
    } else {
      exchange
          .getResponseHeaders()
          .set(
              "Location",
              "/api/resolve-cache/models/%s/%s/%s?etag=%%22abc%%22".formatted(id, commit, file));
      exchange.sendResponseHeaders(307, -1);
    }
  }

  private static void describe(HttpExchange exchange, String commit, String linked) {
    exchange.getResponseHeaders().set("X-Repo-Commit", commit);
    if (linked != null) {
      exchange.getResponseHeaders().set("X-Linked-Etag", "\"" + linked + "\"");
    }
  }

  private static String commit(Repository repository, String revision) {
    return repository.revisions.containsValue(revision)
        ? revision
        : repository.revisions.get(revision);
  }

  private void sendFile(HttpExchange exchange, byte[] content) throws IOException {
    final String range = exchange.getRequestHeaders().getFirst("Range");
    final int offset =
        range == null ? 0 : Integer.parseInt(range.replaceAll("bytes=(\\d+)-", "$1"));
    if (planned(exchange, new Content(content, offset))) {
      return;
    }
    if (exchange.getRequestMethod().equals("HEAD")) {
      exchange.getResponseHeaders().set("Content-Length", String.valueOf(content.length));
      exchange.sendResponseHeaders(200, -1);
    } else if (offset >= content.length && offset > 0) {
      exchange.getResponseHeaders().set("Content-Range", "bytes */" + content.length);
      exchange.sendResponseHeaders(416, -1);
    } else {
      begin(exchange, new Content(content, offset)).write(content, offset, content.length - offset);
    }
  }

  private static void sendJson(HttpExchange exchange, String json) throws IOException {
    final byte[] body = json.getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().set("Content-Type", "application/json; charset=utf-8");
    exchange.sendResponseHeaders(200, body.length);
    exchange.getResponseBody().write(body);
  }

  private boolean planned(HttpExchange exchange, Content content) throws IOException {
    final String path = exchange.getRequestURI().getRawPath();
    for (final Planned planned : faults) {
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

  /** Whether the hub keeps such a file in large file storage. */
  static boolean isLarge(String file) {
    return file.endsWith(".safetensors") || file.endsWith(".bin");
  }

  /** The ETag of a file. */
  static String etag(String file, byte[] content) {
    return isLarge(file) ? sha256(content) : gitHash(content);
  }

  private static String sha256(byte[] content) {
    return hash("SHA-256", content);
  }

  private static String gitHash(byte[] content) {
    final byte[] header = "blob %d\0".formatted(content.length).getBytes(StandardCharsets.US_ASCII);
    final byte[] both = new byte[header.length + content.length];
    System.arraycopy(header, 0, both, 0, header.length);
    System.arraycopy(content, 0, both, header.length, content.length);
    return hash("SHA-1", both);
  }

  private static String hash(String algorithm, byte[] content) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance(algorithm).digest(content));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String decode(String text) {
    return URLDecoder.decode(text, StandardCharsets.UTF_8);
  }

  @Override
  public void close() {
    closed.countDown();
    hub.stop(0);
    cdn.stop(0);
    threads.shutdownNow();
  }

  /** The contents of a small model: right for the hub, not for a server. */
  static Map<String, byte[]> smallModel(int weights) {
    final Map<String, byte[]> files = new LinkedHashMap<>();
    files.put("config.json", "{\"model_type\": \"gpt2\"}".getBytes(StandardCharsets.UTF_8));
    files.put("tokenizer.json", "{\"version\": \"1.0\"}".getBytes(StandardCharsets.UTF_8));
    final byte[] numbers = new byte[weights];
    new java.util.Random(7).nextBytes(numbers);
    files.put("model.safetensors", numbers);
    files.put("README.md", "# A model".getBytes(StandardCharsets.UTF_8));
    files.put("tf_model.h5", new byte[100]);
    return files;
  }

  /** Adds a small model. */
  Repository addSmall(String id, int weights) {
    final Repository repository = add(id);
    smallModel(weights).forEach(repository::put);
    return repository;
  }
}
