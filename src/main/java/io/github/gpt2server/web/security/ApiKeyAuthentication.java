package io.github.gpt2server.web.security;

import java.util.List;
import org.springframework.security.authentication.AbstractAuthenticationToken;
import org.springframework.security.core.authority.AuthorityUtils;

/** Credentials of a request: the keys in its headers or, once one is known, its bearer. */
final class ApiKeyAuthentication extends AbstractAuthenticationToken {
  private static final long serialVersionUID = 1L;

  private final transient List<String> given;
  private final String identity;

  private ApiKeyAuthentication(List<String> given, String identity) {
    super(AuthorityUtils.NO_AUTHORITIES);
    this.given = given;
    this.identity = identity;
    setAuthenticated(!identity.isEmpty());
  }

  /** Keys that have not been checked. */
  static ApiKeyAuthentication of(List<String> given) {
    return new ApiKeyAuthentication(given, "");
  }

  /** The bearer of a key that is known; the key itself is forgotten. */
  static ApiKeyAuthentication known(ApiKey key) {
    return new ApiKeyAuthentication(List.of(), key.identity());
  }

  List<String> given() {
    return given;
  }

  @Override
  public Object getCredentials() {
    return "(not shown)";
  }

  /** The key's {@link ApiKey#identity}. */
  @Override
  public String getName() {
    return identity;
  }

  @Override
  public Object getPrincipal() {
    return "API key";
  }
}
