package io.github.gpt2server.web.security;

import java.util.List;
import org.springframework.security.authentication.AbstractAuthenticationToken;
import org.springframework.security.core.authority.AuthorityUtils;

/** Credentials of a request: the keys in its headers or, once one is known, its bearer. */
final class ApiKeyAuthentication extends AbstractAuthenticationToken {
  private static final long serialVersionUID = 1L;

  private final transient List<String> given;
  private final String identity;
  private final String keyName;

  private ApiKeyAuthentication(List<String> given, String identity, String keyName) {
    super(AuthorityUtils.NO_AUTHORITIES);
    this.given = given;
    this.identity = identity;
    this.keyName = keyName;
    setAuthenticated(!identity.isEmpty());
  }

  /** Keys that have not been checked. */
  static ApiKeyAuthentication of(List<String> given) {
    return new ApiKeyAuthentication(given, "", "");
  }

  /** The bearer of a key that is known; the key itself is forgotten. */
  static ApiKeyAuthentication known(ApiKey key) {
    return new ApiKeyAuthentication(List.of(), key.identity(), key.name());
  }

  List<String> given() {
    return given;
  }

  /** The key's {@link ApiKey#name}. */
  String keyName() {
    return keyName;
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
