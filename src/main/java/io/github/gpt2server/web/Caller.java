package io.github.gpt2server.web;

import jakarta.servlet.http.HttpServletRequest;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.HexFormat;
import org.springframework.web.context.request.RequestAttributes;
import org.springframework.web.context.request.RequestContextHolder;

/**
 * The origin of a request.
 *
 * @param client callers get slots, and slices of tasks, in turns: the bearer of an API key, however
 *     many addresses it has, or without keys an address
 * @param cacheOwner prompts share the prefix cache with those of the same owner alone; empty for
 *     all
 */
public record Caller(String client, String cacheOwner) {
  private static final String ATTRIBUTE = Caller.class.getName();
  private static final int NETWORK_BYTES = 8;

  /**
   * A caller without a key; those behind one address count as one, and those in one IPv6 network of
   * 64 bits, all of whose addresses a single machine can take.
   */
  public static Caller at(String address) {
    return new Caller(network(address), "");
  }

  private static String network(String address) {
    if (!address.contains(":")) {
      return address;
    }
    try {
      // With a colon it is no name, and nothing is looked up.
      InetAddress parsed = InetAddress.getByName(address.replaceFirst("%.*", ""));
      return parsed instanceof Inet6Address
          ? HexFormat.of().formatHex(parsed.getAddress(), 0, NETWORK_BYTES) + "::/64"
          : parsed.getHostAddress();
    } catch (UnknownHostException e) {
      return address;
    }
  }

  /** Remembers that this request is the caller's. */
  public void enter(HttpServletRequest request) {
    request.setAttribute(ATTRIBUTE, this);
  }

  /** The caller of the request that this thread handles. */
  public static Caller current() {
    RequestAttributes request = RequestContextHolder.getRequestAttributes();
    return request != null
            && request.getAttribute(ATTRIBUTE, RequestAttributes.SCOPE_REQUEST)
                instanceof Caller caller
        ? caller
        : at("");
  }
}
