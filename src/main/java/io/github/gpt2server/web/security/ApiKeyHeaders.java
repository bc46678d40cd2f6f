package io.github.gpt2server.web.security;

import jakarta.servlet.http.HttpServletRequest;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.springframework.security.core.Authentication;
import org.springframework.security.web.authentication.AuthenticationConverter;

/**
 * Finds the key in a request's headers: {@code Authorization: Bearer}, as OpenAI's clients send it,
 * {@code api-key}, as those of Azure do, or {@code x-api-key}, as those of Anthropic do. A browser
 * that is asked for a name and a password to see a page sends {@code Authorization: Basic}; the
 * password is the key.
 */
final class ApiKeyHeaders implements AuthenticationConverter {
  private static final String BEARER = "Bearer ";
  private static final String BASIC = "Basic ";
  private static final List<String> BARE = List.of("api-key", "x-api-key");

  /**
   * A browser adds a password by itself to what other sites make it send, so it changes nothing.
   */
  private static final Set<String> READING = Set.of("GET", "HEAD");

  /** Null if there is no key, which may be all right: some paths need none. */
  @Override
  public Authentication convert(HttpServletRequest request) {
    List<String> keys = new ArrayList<>();
    for (String value : Collections.list(request.getHeaders("Authorization"))) {
      if (startsWith(value, BEARER)) {
        keys.add(value.substring(BEARER.length()).strip());
      } else if (startsWith(value, BASIC) && READING.contains(request.getMethod())) {
        password(value.substring(BASIC.length()).strip()).ifPresent(keys::add);
      }
    }
    for (String header : BARE) {
      Collections.list(request.getHeaders(header)).forEach(value -> keys.add(value.strip()));
    }
    List<String> different = keys.stream().distinct().toList();
    return different.isEmpty() ? null : ApiKeyAuthentication.of(different);
  }

  private static boolean startsWith(String value, String scheme) {
    return value.regionMatches(true, 0, scheme, 0, scheme.length());
  }

  private static Optional<String> password(String encoded) {
    try {
      String pair = new String(Base64.getDecoder().decode(encoded), StandardCharsets.UTF_8);
      int colon = pair.indexOf(':');
      return colon < 0 ? Optional.empty() : Optional.of(pair.substring(colon + 1));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }
}
