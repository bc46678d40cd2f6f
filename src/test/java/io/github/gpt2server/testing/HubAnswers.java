package io.github.gpt2server.testing;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import java.io.IOException;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The answers of a {@link LookAlikeHub}: its API, the files that it keeps itself, redirects to
 * those in large file storage, and, as a server of its own, the CDN that gives them.
 */
final class HubAnswers implements HttpHandler {
  private static final Pattern INFO = Pattern.compile("/api/models/(.+)/revision/([^/]+)");
  private static final Pattern REFS = Pattern.compile("/api/models/(.+)/refs");
  private static final Pattern MODEL = Pattern.compile("/api/models/(.+)");
  private static final Pattern RESOLVE = Pattern.compile("/(.+)/resolve/([^/]+)/(.+)");
  private static final Pattern RESOLVE_CACHE =
      Pattern.compile("/api/resolve-cache/models/(.+)/([0-9a-f]{40})/([^?]+)");

  private final LookAlikeHub hub;
  private final boolean isCdn;

  HubAnswers(LookAlikeHub hub, boolean isCdn) {
    this.hub = hub;
    this.isCdn = isCdn;
  }

  @Override
  public void handle(HttpExchange exchange) {
    URI uri = exchange.getRequestURI();
    Headers headers = exchange.getRequestHeaders();
    hub.note(
        new LookAlikeHub.Request(
            isCdn,
            exchange.getRequestMethod(),
            uri.getRawPath(),
            headers.getFirst("Range"),
            headers.getFirst("Authorization"),
            headers.getFirst("Proxy-Authorization")));
    try (exchange) {
      if (isCdn) {
        String[] parts = uri.getRawPath().split("/", -1);
        sendFile(exchange, hub.repository(decode(parts[1])).content(decode(parts[2])));
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
      LookAlikeRepository repository = hub.repository(m.group(1));
      String file = decode(m.group(3));
      describe(exchange, m.group(2), null);
      exchange.getResponseHeaders().set("ETag", "\"" + repository.etag(file) + "\"");
      sendFile(exchange, repository.content(file));
      return;
    }
    m = RESOLVE.matcher(path);
    if (m.matches()) {
      String rest = "/resolve/%s/%s".formatted(m.group(2), m.group(3));
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
        refs(exchange, hub.repository(m.group(1)));
      }
      return;
    }
    m = MODEL.matcher(path);
    if (m.matches() && isReady(exchange, m.group(1), "/api/models/", "", false)) {
      info(exchange, m.group(1), "main");
    }
  }

  /** Returns whether a file or facts can be sent; if not, the refusal has been. */
  private boolean isReady(
      HttpExchange exchange, String id, String before, String after, boolean file)
      throws IOException {
    if (hub.isFaulty(exchange, new Fault.Content(null, 0))) {
      return false;
    }
    if (hub.newName(id) != null) {
      exchange.getResponseHeaders().set("Location", before + hub.newName(id) + after);
      exchange.sendResponseHeaders(307, -1);
      return false;
    }
    LookAlikeRepository repository = hub.repository(id);
    String sent = exchange.getRequestHeaders().getFirst("Authorization");
    if (sent != null && sent.startsWith("Bearer bad")) {
      refuse(exchange, 401, null, "Invalid credentials in Authorization header");
      return false;
    }
    boolean allowed = repository != null && repository.allows(sent);
    if (repository == null || (!allowed && !repository.gated())) {
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
    if (hub.givesErrorCodes()) {
      if (code != null) {
        exchange.getResponseHeaders().set("X-Error-Code", code);
      }
      exchange.getResponseHeaders().set("X-Error-Message", message);
    }
    exchange.sendResponseHeaders(hub.givesErrorCodes() ? status : 404, -1);
  }

  private void info(HttpExchange exchange, String id, String revision) throws IOException {
    LookAlikeRepository repository = hub.repository(id);
    String commit = repository.commit(revision);
    if (commit == null) {
      refuse(exchange, 404, "RevisionNotFound", "Invalid rev id: " + revision);
      return;
    }
    String siblings =
        repository.files().stream()
            .map("{\"rfilename\":\"%s\"}"::formatted)
            .collect(Collectors.joining(","));
    sendJson(
        exchange,
        "{\"id\":\"%s\",\"sha\":\"%s\",\"private\":false,\"siblings\":[%s]}"
            .formatted(id, commit, siblings));
  }

  private static void refs(HttpExchange exchange, LookAlikeRepository repository)
      throws IOException {
    sendJson(
        exchange,
        "{\"branches\":[%s],\"tags\":[%s],\"converts\":[]}"
            .formatted(refs(repository.revisions(false)), refs(repository.revisions(true))));
  }

  private static String refs(Map<String, String> commits) {
    return commits.entrySet().stream()
        .map(e -> "{\"name\":\"%s\",\"targetCommit\":\"%s\"}".formatted(e.getKey(), e.getValue()))
        .collect(Collectors.joining(","));
  }

  private void resolve(HttpExchange exchange, String id, String revision, String file)
      throws IOException {
    LookAlikeRepository repository = hub.repository(id);
    String commit = repository.commit(revision);
    byte[] content = repository.content(file);
    if (commit == null || content == null) {
      refuse(
          exchange, 404, commit == null ? "RevisionNotFound" : "EntryNotFound", "Entry not found");
      return;
    }
    describe(exchange, commit, repository.etag(file));
    exchange.getResponseHeaders().set("X-Linked-Size", String.valueOf(content.length));
    if (LookAlikeRepository.isLarge(file)) {
      exchange.getResponseHeaders().set("X-Xet-Hash", "0".repeat(64));
      exchange
          .getResponseHeaders()
          .set(
              "Location",
              "http://127.0.0.1:%d/%s/%s?X-Signature=abc"
                  .formatted(hub.cdnPort(), id.replace("/", "%2F"), file));
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

  private void sendFile(HttpExchange exchange, byte[] content) throws IOException {
    String range = exchange.getRequestHeaders().getFirst("Range");
    int offset = range == null ? 0 : Integer.parseInt(range.replaceAll("bytes=(\\d+)-", "$1"));
    if (hub.isFaulty(exchange, new Fault.Content(content, offset))) {
      return;
    }
    if (exchange.getRequestMethod().equals("HEAD")) {
      exchange.getResponseHeaders().set("Content-Length", String.valueOf(content.length));
      exchange.sendResponseHeaders(200, -1);
    } else if (offset >= content.length && offset > 0) {
      exchange.getResponseHeaders().set("Content-Range", "bytes */" + content.length);
      exchange.sendResponseHeaders(416, -1);
    } else {
      new Fault.Content(content, offset)
          .begin(exchange)
          .write(content, offset, content.length - offset);
    }
  }

  private static void sendJson(HttpExchange exchange, String json) throws IOException {
    byte[] body = json.getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().set("Content-Type", "application/json; charset=utf-8");
    exchange.sendResponseHeaders(200, body.length);
    exchange.getResponseBody().write(body);
  }

  private static String decode(String text) {
    return URLDecoder.decode(text, StandardCharsets.UTF_8);
  }
}
