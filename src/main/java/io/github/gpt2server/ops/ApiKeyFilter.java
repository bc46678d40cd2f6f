package io.github.gpt2server.ops;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.List;

/**
 * Lets a request pass if it brings one of the keys ({@code Authorization: Bearer KEY}); answers 401
 * in OpenAI's form otherwise. Which paths it guards is the matter of its registration.
 */
public final class ApiKeyFilter extends HttpFilter {
  private static final long serialVersionUID = 1L;
  private static final String SCHEME = "Bearer ";

  private final transient List<byte[]> digests;

  /** Knows only the digests of {@code keys}. */
  public ApiKeyFilter(List<String> keys) {
    this.digests = keys.stream().map(ApiKeyFilter::digest).toList();
  }

  @Override
  protected void doFilter(
      HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws IOException, ServletException {
    final String authorization = request.getHeader("Authorization");
    if (authorization == null
        || !authorization.regionMatches(true, 0, SCHEME, 0, SCHEME.length())) {
      refuse(response, "No API key was given: send it in the header 'Authorization: Bearer KEY'.");
    } else if (!isKnown(authorization.substring(SCHEME.length()).strip())) {
      refuse(response, "The API key is not one that this server knows.");
    } else {
      chain.doFilter(request, response);
    }
  }

  /** Takes the same time whichever key is right and however much of it: digests, all of them. */
  private boolean isKnown(String key) {
    final byte[] given = digest(key);
    boolean known = false;
    for (final byte[] digest : digests) {
      known |= MessageDigest.isEqual(digest, given);
    }
    return known;
  }

  private static void refuse(HttpServletResponse response, String message) throws IOException {
    response.setStatus(HttpServletResponse.SC_UNAUTHORIZED);
    response.setHeader("WWW-Authenticate", "Bearer");
    response.setContentType("application/json");
    ErrorEnvelope.invalidRequest(message, "invalid_api_key").writeTo(response.getOutputStream());
  }

  private static byte[] digest(String key) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(key.getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
