package io.github.gpt2server.web.tomcat;

import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.catalina.util.NetMask;
import org.apache.catalina.valves.RemoteIpValve;

/**
 * The proxies whose {@code X-Forwarded-For}, {@code -Proto}, {@code -Host} and {@code -Port} are
 * believed. The client is the rightmost address in {@code X-Forwarded-For} that is none of them:
 * what stands further left is what a client says of itself. {@code Forwarded} (RFC 7239) is
 * ignored.
 */
public final class TrustedProxies {
  /** A name would be looked up. */
  private static final Pattern NUMERIC =
      Pattern.compile("(\\d+(\\.\\d+){3}|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*)(/\\d{1,3})?");

  private TrustedProxies() {}

  public static boolean isAddressOrRange(String text) {
    try {
      return NUMERIC.matcher(text).matches() && !new NetMask(text).toString().isEmpty();
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  /** Puts the client's address and what it asked for in the place of the proxy's. */
  public static RemoteIpValve valve(List<String> proxies) {
    RemoteIpValve valve = new RemoteIpValve();
    valve.setInternalProxies(
        proxies.stream().map(TrustedProxies::range).collect(Collectors.joining(",")));
    valve.setHostHeader("X-Forwarded-Host");
    valve.setPortHeader("X-Forwarded-Port");
    return valve;
  }

  /** Without a slash the valve would take it for a regular expression. */
  private static String range(String proxy) {
    if (proxy.contains("/")) {
      return proxy;
    }
    return proxy + (proxy.contains(":") ? "/128" : "/32");
  }
}
