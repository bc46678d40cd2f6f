package io.github.gpt2server.ops;

import java.util.List;
import org.springframework.security.authentication.AbstractAuthenticationToken;
import org.springframework.security.core.authority.AuthorityUtils;

/**
 * What a request brings to show that it may pass: the keys in its headers, or that one is right.
 */
final class ApiKeyAuthentication extends AbstractAuthenticationToken {
  private static final long serialVersionUID = 1L;

  private final transient List<String> given;

  private ApiKeyAuthentication(List<String> given, boolean known) {
    super(AuthorityUtils.NO_AUTHORITIES);
    this.given = given;
    setAuthenticated(known);
  }

  /** Keys that nobody has looked at. */
  static ApiKeyAuthentication of(List<String> given) {
    return new ApiKeyAuthentication(given, false);
  }

  /** The bearer of a key that is known; the key itself is forgotten. */
  static ApiKeyAuthentication known() {
    return new ApiKeyAuthentication(List.of(), true);
  }

  List<String> given() {
    return given;
  }

  @Override
  public Object getCredentials() {
    return "(not shown)";
  }

  @Override
  public Object getPrincipal() {
    return "API key";
  }
}
