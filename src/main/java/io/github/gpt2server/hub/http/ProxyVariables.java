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
 * name, in upper or lower case, as curl and Python read them. Without any of them, the proxies of
 * the JVM ({@code -Dhttps.proxyHost} and the like).
 */
public final class ProxyVariables extends ProxySelector {
  private final Map<String, String> variables;
  private final List<String> exceptions;

  /** Reads the variables; an invalid one is reported at the first request. */
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

  /** Does nothing, because HttpClient reports the failure to the caller. */
  @Override
  public void connectFailed(URI uri, SocketAddress address, IOException failure) {}

  /**
   * The value of the {@code Proxy-Authorization} header; empty if the proxy has no password.
   *
   * @throws HubUnreachableException if the variable names no usable proxy
   */
  public Optional<String> authorization(URI uri) {
    return proxy(uri)
        .map(URI::getUserInfo)
        .map(
            user ->
                "Basic "
                    + Base64.getEncoder().encodeToString(user.getBytes(StandardCharsets.UTF_8)));
  }

  /** The host and port of the proxy for an address, without its password. */
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
      // Reported below, without the value, which may hold a password.
    }
    throw new HubUnreachableException(
        "%s names %s: use http://host:port or http://user:password@host:port, or set"
                .formatted(
                    variable,
                    text.toLowerCase(Locale.ROOT).startsWith("socks")
                        ? "a SOCKS proxy, but only HTTP proxies are supported"
                        : "no usable proxy")
            + " gpt2.hub.offline=true to serve what is in the cache.",
        null);
  }

  private static int port(URI proxy) {
    return proxy.getPort() < 0 ? 80 : proxy.getPort();
  }

  /**
   * Returns whether an entry of {@code NO_PROXY} matches: a host, a domain with its subdomains,
   * either with a port, or {@code *}.
   */
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
