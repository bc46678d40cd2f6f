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
 * @param keyName the name of the API key, for metrics, logs and limits; {@link #UNNAMED} for one
 *     without a name
 * @param cacheOwner prompts share the prefix cache with those of the same owner alone; empty for
 *     all
 */
public record Caller(String client, String keyName, String cacheOwner) {
  /** Stands for the names of keys that have none. */
  public static final String UNNAMED = "unnamed";

  /** Stands for the name of the key where there is no key. */
  public static final String ANONYMOUS = "anonymous";

  private static final String ATTRIBUTE = Caller.class.getName();
  private static final int NETWORK_BYTES = 8;

  /**
   * A caller without a key; those behind one address count as one, and those in one IPv6 network of
   * 64 bits, all of whose addresses a single machine can take.
   */
  public static Caller at(String address) {
    return new Caller(network(address), ANONYMOUS, "");
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

  /** The caller of a request. */
  public static Caller of(HttpServletRequest request) {
    return request.getAttribute(ATTRIBUTE) instanceof Caller caller ? caller : at("");
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

  /** Returns whether it sends no API key, because none is needed. */
  public boolean isAnonymous() {
    return keyName.equals(ANONYMOUS);
  }

  /** Returns whether its API key has no name. */
  public boolean isUnnamed() {
    return keyName.equals(UNNAMED);
  }
}
