package io.github.gpt2server.hub.http;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The proxies that {@code HTTPS_PROXY}, {@code HTTP_PROXY}, {@code ALL_PROXY} and {@code NO_PROXY}
 * name, in capitals or small letters, as curl and Python read them. Where none of them is set, what
 * the JVM was told with {@code -Dhttps.proxyHost} and the like.
 */
public final class ProxyVariables extends ProxySelector {
  private final Map<String, String> variables;
  private final List<String> exceptions;

  /** Reads the variables; one that names no proxy is reported when a request is to be made. */
  public ProxyVariables(Map<String, String> variables) {
    this.variables = Map.copyOf(variables);
    this.exceptions =
        Arrays.stream(variable("NO_PROXY").orElse("").split(","))
            .map(name -> name.strip().toLowerCase(Locale.ROOT))
            .filter(name -> !name.isEmpty())
            .toList();
  }

  @Override
  public List<Proxy> select(URI uri) {
    if (Stream.of("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY").allMatch(n -> variable(n).isEmpty())) {
      ProxySelector system = ProxySelector.getDefault();
      return system == null ? List.of(Proxy.NO_PROXY) : system.select(uri);
    }
    return List.of(
        proxy(uri)
            .map(p -> new Proxy(Proxy.Type.HTTP, new InetSocketAddress(p.getHost(), port(p))))
            .orElse(Proxy.NO_PROXY));
  }

  /** HttpClient tells the failure to the caller too. */
  @Override
  public void connectFailed(URI uri, SocketAddress address, IOException failure) {}

  /**
   * What the proxy wants to be sent as {@code Proxy-Authorization}; empty if it has no password.
   *
   * @throws HubUnreachableException if the variable names no proxy that can be used
   */
  public Optional<String> authorization(URI uri) {
    return proxy(uri)
        .map(URI::getUserInfo)
        .map(
            user ->
                "Basic "
                    + Base64.getEncoder().encodeToString(user.getBytes(StandardCharsets.UTF_8)));
  }

  /** How a person knows the proxy to an address, without its password. */
  public Optional<String> name(URI uri) {
    return proxy(uri).map(p -> p.getHost() + ":" + port(p));
  }

  private Optional<URI> proxy(URI uri) {
    return exceptions.stream().anyMatch(name -> matches(name, uri))
        ? Optional.empty()
        : address(uri.getScheme());
  }

  private Optional<URI> address(String scheme) {
    return Stream.of(scheme.toUpperCase(Locale.ROOT) + "_PROXY", "ALL_PROXY")
        .flatMap(name -> variable(name).map(value -> parse(name, value)).stream())
        .findFirst();
  }

  private Optional<String> variable(String name) {
    return Optional.ofNullable(variables.get(name.toLowerCase(Locale.ROOT)))
        .or(() -> Optional.ofNullable(variables.get(name)))
        .filter(value -> !value.isBlank())
        .map(String::strip);
  }

  private static URI parse(String variable, String text) {
    try {
      URI uri = URI.create(text.contains("://") ? text : "http://" + text);
      if (uri.getHost() != null && "http".equals(uri.getScheme())) {
        return uri;
      }
    } catch (IllegalArgumentException e) {
      // Told below. The value is not: it may hold a password.
    }
    throw new HubUnreachableException(
        "%s names %s: use http://host:port or http://user:password@host:port, or set"
                .formatted(
                    variable,
                    text.toLowerCase(Locale.ROOT).startsWith("socks")
                        ? "a SOCKS proxy, and only HTTP proxies can be used"
                        : "no proxy that can be used")
            + " gpt2.hub.offline=true to serve what is in the cache.",
        null);
  }

  private static int port(URI proxy) {
    return proxy.getPort() < 0 ? 80 : proxy.getPort();
  }

  /** A host, a domain with all below it, either with a port, or {@code *}. */
  private static boolean matches(String exception, URI uri) {
    String host = uri.getHost().toLowerCase(Locale.ROOT);
    int port = uri.getPort() >= 0 ? uri.getPort() : "https".equals(uri.getScheme()) ? 443 : 80;
    String name = exception;
    if (name.endsWith(":" + port)) {
      name = name.substring(0, name.lastIndexOf(':'));
    }
    name = name.startsWith(".") ? name.substring(1) : name;
    return name.equals("*") || host.equals(name) || host.endsWith("." + name);
  }
}
