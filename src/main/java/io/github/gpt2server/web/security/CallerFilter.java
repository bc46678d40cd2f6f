package io.github.gpt2server.web.security;

import io.github.gpt2server.web.Caller;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.springframework.security.authentication.AnonymousAuthenticationToken;
import org.springframework.security.core.Authentication;
import org.springframework.security.core.context.SecurityContextHolder;
import org.springframework.web.filter.OncePerRequestFilter;

/** Notes the caller: the bearer of an API key, or the client at an address. */
public final class CallerFilter extends OncePerRequestFilter {
  private final boolean sharePrefixCache;

  /**
   * @param sharePrefixCache whether the bearers of different keys share the prefix cache
   */
  public CallerFilter(boolean sharePrefixCache) {
    this.sharePrefixCache = sharePrefixCache;
  }

  @Override
  protected void doFilterInternal(
      HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws ServletException, IOException {
    Authentication key = SecurityContextHolder.getContext().getAuthentication();
    Caller caller =
        key == null || key instanceof AnonymousAuthenticationToken
            ? Caller.at(request.getRemoteAddr())
            : new Caller(key.getName(), keyName(key), sharePrefixCache ? "" : key.getName());
    caller.enter(request);
    chain.doFilter(request, response);
  }

  private static String keyName(Authentication key) {
    return key instanceof ApiKeyAuthentication bearer ? bearer.keyName() : Caller.UNNAMED;
  }
}
