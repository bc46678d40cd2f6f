package io.github.gpt2server.hub.http;

import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.UnknownHostException;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.net.ssl.SSLException;

/** Messages for failures of a hub, one sentence each. */
public final class HubFailures {
  private static final String OFFLINE_HINT =
      "gpt2.hub.offline=true serves what the cache holds, and gpt2.model may be a folder";

  /** The JDK's message for a body that was cut off. */
  private static final Pattern CUT =
      Pattern.compile("fixed content-length: (\\d+), bytes received: (\\d+)");

  private final HubSettings settings;

  public HubFailures(HubSettings settings) {
    this.settings = settings;
  }

  /** Describes why a request failed, as a part of a sentence. */
  String reason(URI uri, IOException failure) {
    List<Throwable> chain =
        Stream.<Throwable>iterate(failure, e -> e != null, Throwable::getCause).limit(20).toList();
    if (chain.stream()
        .anyMatch(
            e -> e instanceof UnknownHostException || e instanceof UnresolvedAddressException)) {
      return "cannot resolve the host name " + settings.proxies().name(uri).orElse(uri.getHost());
    }
    if (chain.stream().anyMatch(SSLException.class::isInstance)) {
      return "the TLS connection failed (%s)".formatted(message(chain));
    }
    if (chain.stream().anyMatch(ConnectException.class::isInstance)
        && !(failure instanceof HttpTimeoutException)) {
      return "the connection is refused"
          + settings
              .proxies()
              .name(uri)
              .map(p -> " by the proxy " + p + " or behind it")
              .orElse("");
    }
    if (failure instanceof HttpConnectTimeoutException) {
      return "the connection attempt timed out";
    }
    if (failure instanceof HttpTimeoutException && !failure.getMessage().startsWith("no data")) {
      return "no answer for " + settings.patience().toSeconds() + " seconds";
    }
    Matcher cut = CUT.matcher(message(chain));
    return cut.find()
        ? "the connection ended after %s of %s bytes".formatted(cut.group(2), cut.group(1))
        : message(chain);
  }

  private static String message(List<Throwable> chain) {
    return chain.stream()
        .map(Throwable::getMessage)
        .filter(m -> m != null && !m.isBlank())
        .findFirst()
        .orElseGet(() -> chain.get(0).getClass().getSimpleName());
  }

  /** The failure after the last attempt. */
  HubUnreachableException unreachable(URI uri, IOException failure, int attempts) {
    if (failure instanceof TransientException t) {
      return new HubUnreachableException(answered(uri, t, attempts), failure);
    }
    String times = attempts == 1 ? "" : ", %d times in a row".formatted(attempts);
    if (failure instanceof SSLException) {
      return new HubUnreachableException(
          "%s cannot be reached: %s; if a proxy intercepts TLS, import the proxy's certificate into"
                  .formatted(host(uri), reason(uri, failure))
              + " the JVM's trust store (-Djavax.net.ssl.trustStore), else check gpt2.hub.endpoint.",
          failure);
    }
    return new HubUnreachableException(
        "%s cannot be reached: %s%s; check the network, HTTPS_PROXY and gpt2.hub.endpoint (%s)."
            .formatted(host(uri), reason(uri, failure), times, OFFLINE_HINT),
        failure);
  }

  private String answered(URI uri, TransientException answer, int attempts) {
    if (answer.status() == 429) {
      return "%s limits the rate of requests (429 Too Many Requests%s): start again later%s."
          .formatted(
              host(uri),
              answer.retryAfter() == null
                  ? ""
                  : ", it asks to wait %d seconds".formatted(answer.retryAfter().toSeconds()),
              settings.token() == null
                  ? ", or set HF_TOKEN, because requests with a token have a higher limit"
                  : "");
    }
    return "%s answered with status %d, %d times in a row: the hub itself has a problem, so start again"
            .formatted(host(uri), answer.status(), attempts)
        + " later (%s).".formatted(OFFLINE_HINT);
  }

  /** 407 of a proxy. */
  HubException proxyRefuses(URI uri) {
    return new HubException(
        "The proxy %s asks for a password (407): set HTTPS_PROXY=http://user:password@host:port."
            .formatted(settings.proxies().name(uri).orElse("of the JVM")));
  }

  /** 401 for a request with a token. */
  HubException unauthorized(String model) {
    return new HubException(
        "%s does not accept %s (401): it is wrong or has expired, so replace it, or remove it if %s is"
                .formatted(settings.endpoint(), settings.token(), model)
            + " public.");
  }

  /** 401 or 403 for a model that needs access granted by its owner. */
  HubException gated(String model) {
    String page = settings.endpoint() + "/" + model;
    return settings.token() == null
        ? new HubException(
            "%s is gated: accept its terms at %s, then set HF_TOKEN (or gpt2.hub.token) to a token of"
                    .formatted(model, page)
                + " the same account.")
        : new HubException(
            "%s is gated, and the account of %s has no access to it: ask for access at %s."
                .formatted(model, settings.token(), page));
  }

  /** 403 for another reason. */
  HubException forbidden(String model, String explanation) {
    return new HubException(
        "%s refuses to give %s (403%s): %s."
            .formatted(
                settings.endpoint(),
                model,
                explanation.isEmpty() ? "" : ", " + shorten(explanation),
                settings.token() == null
                    ? "set HF_TOKEN (or gpt2.hub.token) if the model is not public"
                    : "check which models %s may read".formatted(settings.token())));
  }

  /** Any other status. */
  HubException unexpected(URI uri, int status) {
    return new HubException(
        "%s answered %s with status %d, which no Hugging Face hub does: check gpt2.hub.endpoint (%s)."
            .formatted(host(uri), uri.getPath(), status, settings.endpoint()));
  }

  /** An answer that lacks what a hub sends. */
  HubException noHub(String what) {
    return new HubException(
        "%s answers, but %s: check that gpt2.hub.endpoint is a Hugging Face hub and that no proxy"
                .formatted(settings.endpoint(), what)
            + " changes its answers.");
  }

  /** A model that is not cached, while requests to the hub are disabled. */
  public HubException notCached(String model, String revision, String missing) {
    return new HubException(
        "gpt2.hub.offline is on and the cache %s %s: start once with gpt2.hub.offline=false, or copy"
                .formatted(
                    settings.cache(),
                    missing == null
                        ? "does not hold %s at revision %s".formatted(model, revision)
                        : "holds %s without %s".formatted(model, missing))
            + " the model into the cache.");
  }

  /** A text that cannot be a model id. */
  public HubException noId(String text) {
    return new HubException(
        "'%s' is not the id of a model: use organisation/name, as the model's page does, such as"
                .formatted(shorten(text))
            + " openai-community/gpt2.");
  }

  /** A model that the hub does not have, with a suggestion. */
  public HubException noModel(String model, String suggestion) {
    String privately =
        settings.token() == null
            ? "or it is private, which needs HF_TOKEN"
            : "or %s may not see it".formatted(settings.token());
    return new HubException(
        "There is no model %s on %s, %s: %s."
            .formatted(
                model,
                settings.endpoint(),
                privately,
                suggestion == null
                    ? "give gpt2.model as organisation/name, as the model's page does"
                    : "did you mean %s?".formatted(suggestion)
                        + " Set gpt2.model to that, or check the name"));
  }

  /** A revision that the model does not have, with those that it has. */
  public HubException noRevision(String model, String revision, List<String> names) {
    return new HubException(
        "%s has no revision %s: set gpt2.revision to a branch, a tag or a full commit hash%s."
            .formatted(
                model,
                revision,
                names.isEmpty()
                    ? ""
                    : names.stream().limit(8).collect(Collectors.joining(", ", " (it has ", ")"))));
  }

  /** A file that is listed but missing. */
  public HubException noFile(String model, String commit, String file) {
    return new HubException(
        "%s at commit %s has no file %s on %s, although it is needed: check gpt2.revision, or tell the"
                .formatted(model, commit, file, settings.endpoint())
            + " model's owner.");
  }

  private static String host(URI uri) {
    return uri.getScheme() + "://" + uri.getAuthority();
  }

  private static String shorten(String text) {
    String line = text.strip().replaceAll("[\\s\\p{Cntrl}]+", " ");
    return line.length() > 200 ? line.substring(0, 200) + "..." : line;
  }
}
