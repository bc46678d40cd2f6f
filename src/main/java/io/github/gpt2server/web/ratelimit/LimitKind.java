package io.github.gpt2server.web.ratelimit;

import jakarta.servlet.http.HttpServletRequest;
import java.util.Locale;
import java.util.Optional;

/** The kinds of limits that a key can have. */
public enum LimitKind {
  /** Requests a minute. */
  REQUESTS,
  /** Tokens a minute. */
  TOKENS,
  /** Requests at once. */
  CONCURRENCY;

  private static final String ATTRIBUTE = LimitKind.class.getName();

  /** The limit that a request was refused by. */
  public static Optional<LimitKind> thatRefused(HttpServletRequest request) {
    return Optional.ofNullable((LimitKind) request.getAttribute(ATTRIBUTE));
  }

  /** Notes that this limit refuses a request. */
  void refuses(HttpServletRequest request) {
    request.setAttribute(ATTRIBUTE, this);
  }

  /** The name as labels write it. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
