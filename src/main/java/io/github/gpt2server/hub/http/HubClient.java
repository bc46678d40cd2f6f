package io.github.gpt2server.hub.http;

import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * HTTP client of a Hugging Face hub. Each method makes one request, follows its redirects and does
 * not repeat it. Thread-safe.
 *
 * <p>Redirects are followed here, because the token must be sent to the hub alone: content comes
 * from other hosts, under signed URLs. Files in Xet storage are served the same way.
 *
 * <p>Each method throws {@link IOException} where repeating the request may help, {@link
 * NotOnHubException} where something does not exist, and {@link HubException} where the operator
 * must act.
 */
public final class HubClient {
  private static final int MAX_REDIRECTS = 10;
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);
  private static final String TUNNEL_SCHEMES = "jdk.http.auth.tunneling.disabledSchemes";

  private final HubSettings settings;
  private final HubFailures failures;
  private final HttpClient http;

  public HubClient(HubSettings settings, HubFailures failures) {
    this.settings = settings;
    this.failures = failures;
    if (System.getProperty(TUNNEL_SCHEMES) == null) {
      // The JDK does not send a proxy's password for a tunnel to https unless this property allows
      // it.
      System.setProperty(TUNNEL_SCHEMES, "");
    }
    this.http =
        HttpClient.newBuilder()
            // With HTTP/2 all files would share one connection and its flow control.
            .version(HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.NEVER)
            .connectTimeout(min(CONNECT_TIMEOUT, settings.patience()))
            .proxy(settings.proxies())
            .build();
  }

  /** The hub's address. */
  public URI endpoint() {
    return settings.endpoint();
  }

  /** Requests the commit of a revision and its files. */
  public RepositoryInfo info(String model, String revision)
      throws IOException, InterruptedException, NotOnHubException {
    JsonNode json = json(model, infoUri(model, revision));
    String commit = json.path("sha").asString("");
    if (!RepositoryInfo.isCommit(commit)) {
      throw failures.noHub("without the commit of " + model);
    }
    List<String> files = new ArrayList<>();
    for (JsonNode sibling : json.path("siblings")) {
      files.add(sibling.path("rfilename").asString(""));
    }
    return new RepositoryInfo(commit, List.copyOf(files));
  }

  public URI infoUri(String model, String revision) {
    return uri("/api/models/%s/revision/%s".formatted(model, encode(revision)));
  }

  /** Returns whether the hub has the model and shows it to this client. */
  public boolean exists(String model) throws IOException, InterruptedException {
    try {
      json(model, uri("/api/models/" + model));
      return true;
    } catch (NotOnHubException | HubException e) {
      return false;
    }
  }

  /** Requests the branches and tags of a model. */
  public List<String> revisions(String model)
      throws IOException, InterruptedException, NotOnHubException {
    JsonNode json = json(model, uri("/api/models/" + model + "/refs"));
    return Stream.of("branches", "tags")
        .flatMap(kind -> json.path(kind).valueStream())
        .map(ref -> ref.path("name").asString(""))
        .filter(name -> !name.isEmpty())
        .toList();
  }

  /** Requests the ETag and the size of a file. */
  public RemoteFile describe(String model, String commit, String file)
      throws IOException, InterruptedException, NotOnHubException {
    HubAnswer answer = follow("HEAD", model, fileUri(model, commit, file), 0, false);
    answer.discard();
    Optional<String> served = answer.header("X-Repo-Commit");
    if (served.isPresent() && !served.get().equals(commit)) {
      throw failures.noHub("gives commit %s of %s for %s".formatted(served.get(), model, commit));
    }
    String etag =
        answer
            .etag()
            .orElseThrow(
                () -> failures.noHub("without an ETag for %s of %s".formatted(file, model)));
    return new RemoteFile(file, etag, answer.size());
  }

  public URI fileUri(String model, String commit, String file) {
    String path = String.join("/", Stream.of(file.split("/")).map(HubClient::encode).toList());
    return uri("/%s/resolve/%s/%s".formatted(model, commit, path));
  }

  /** Requests the content of a file from an offset on; the answer's status is 200, 206 or 416. */
  public HubAnswer open(String model, String commit, String file, long from)
      throws IOException, InterruptedException, NotOnHubException {
    return follow("GET", model, fileUri(model, commit, file), from, true);
  }

  private JsonNode json(String model, URI uri)
      throws IOException, InterruptedException, NotOnHubException {
    HubAnswer answer = follow("GET", model, uri, 0, true);
    try (BodyReader body = answer.response().body()) {
      return JsonMapper.shared().readTree(body.all());
    } catch (JacksonException e) {
      throw failures.noHub("not in JSON (%s)".formatted(uri.getPath()));
    }
  }

  /**
   * Follows redirects to the end, or, unless they may leave the hub, to the last answer of the hub
   * itself, whose headers describe the file.
   */
  private HubAnswer follow(String method, String model, URI start, long from, boolean mayLeave)
      throws IOException, InterruptedException, NotOnHubException {
    URI uri = start;
    for (int i = 0; i <= MAX_REDIRECTS; i++) {
      HubAnswer answer = new HubAnswer(send(method, uri, from), isHub(uri));
      if (!answer.isRedirect()) {
        return checked(answer, model);
      }
      URI target = target(uri, answer.header("Location").orElseThrow());
      if (!isHub(target) && !mayLeave) {
        return answer;
      }
      answer.discard();
      uri = target;
    }
    throw failures.noHub("with more than %d redirects in a row".formatted(MAX_REDIRECTS));
  }

  private URI target(URI from, String location) {
    try {
      URI target = from.resolve(location);
      if (target.getHost() != null
          && ("https".equals(target.getScheme())
              || ("http".equals(target.getScheme()) && "http".equals(from.getScheme())))) {
        return target;
      }
    } catch (IllegalArgumentException e) {
      // Reported below.
    }
    throw failures.noHub("with a redirect that cannot be followed safely (%s)".formatted(location));
  }

  private HttpResponse<BodyReader> send(String method, URI uri, long from)
      throws IOException, InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(uri)
            .method(method, BodyPublishers.noBody())
            .timeout(settings.patience())
            .header("User-Agent", "gpt2-server")
            // Size and hash must be those of the file, not of a compressed form.
            .header("Accept-Encoding", "identity");
    if (from > 0) {
      request.header("Range", "bytes=" + from + "-");
    }
    if (settings.token() != null && isHub(uri)) {
      request.header("Authorization", "Bearer " + settings.token().value());
    }
    settings.proxies().authorization(uri).ifPresent(a -> request.header("Proxy-Authorization", a));
    return http.send(request.build(), head -> new BodyReader(settings.patience()));
  }

  private HubAnswer checked(HubAnswer answer, String model)
      throws TransientException, NotOnHubException {
    int status = answer.status();
    if (status == 200 || status == 206 || status == 416) {
      return answer;
    }
    answer.discard();
    if (status == 407) {
      throw failures.proxyRefuses(answer.uri());
    }
    // A CDN refuses a signed URL that has expired; the hub issues a new one.
    if (status == 408 || status == 429 || status >= 500 || !answer.fromHub()) {
      throw new TransientException(status, answer.retryAfter(Instant.now()));
    }
    String code = answer.header("X-Error-Code").orElse("");
    switch (code) {
      case "RepoNotFound" -> throw new NotOnHubException(NotOnHubException.What.REPOSITORY);
      case "RevisionNotFound" -> throw new NotOnHubException(NotOnHubException.What.REVISION);
      case "EntryNotFound" -> throw new NotOnHubException(NotOnHubException.What.FILE);
      case "GatedRepo" -> throw failures.gated(model);
      default -> {
        if (status == 404) {
          throw new NotOnHubException(NotOnHubException.What.UNKNOWN);
        }
        // Without a token, the hub answers alike for private and missing models.
        if (status == 401 && settings.token() == null) {
          throw new NotOnHubException(NotOnHubException.What.REPOSITORY);
        }
        throw refusal(answer, model);
      }
    }
  }

  private HubException refusal(HubAnswer answer, String model) {
    return switch (answer.status()) {
      case 401 -> failures.unauthorized(model);
      case 403 -> failures.forbidden(model, answer.header("X-Error-Message").orElse(""));
      default -> failures.unexpected(answer.uri(), answer.status());
    };
  }

  private boolean isHub(URI uri) {
    URI hub = settings.endpoint();
    return hub.getScheme().equals(uri.getScheme())
        && hub.getHost().equalsIgnoreCase(uri.getHost())
        && port(hub) == port(uri);
  }

  private static int port(URI uri) {
    if (uri.getPort() >= 0) {
      return uri.getPort();
    }
    return "https".equals(uri.getScheme()) ? 443 : 80;
  }

  private URI uri(String path) {
    return URI.create(settings.endpoint() + path);
  }

  private static String encode(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }

  private static Duration min(Duration a, Duration b) {
    return a.compareTo(b) < 0 ? a : b;
  }
}
