package io.github.gpt2server.hub.http;

import java.net.URI;
import java.net.http.HttpHeaders;
import java.net.http.HttpResponse;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The last answer of a chain of redirects, with the headers that hubs use.
 *
 * @param response the answer
 * @param fromHub whether it comes from the hub itself, not from a CDN
 */
public record HubAnswer(HttpResponse<BodyReader> response, boolean fromHub) {
  /** {@code RateLimit: "api";r=0;t=55}: no requests left for 55 seconds. */
  private static final Pattern RATE_LIMIT = Pattern.compile("r=(\\d+)\\s*;\\s*t=(\\d+)");

  private static final Pattern RANGE = Pattern.compile("bytes (\\d+)-\\d+/(?:\\d+|\\*)");

  public int status() {
    return response.statusCode();
  }

  /** Discards the body. An answer of a proxy that refuses a tunnel has none. */
  void discard() {
    if (response.body() != null) {
      response.body().close();
    }
  }

  URI uri() {
    return response.uri();
  }

  Optional<String> header(String name) {
    return response.headers().firstValue(name);
  }

  boolean isRedirect() {
    return switch (status()) {
      case 301, 302, 303, 307, 308 -> header("Location").isPresent();
      default -> false;
    };
  }

  /** The ETag of the file that a redirect leads to, or else of the answer itself. */
  Optional<String> etag() {
    return header("X-Linked-Etag")
        .or(() -> isRedirect() ? Optional.empty() : header("ETag"))
        .map(etag -> etag.replaceFirst("^W/", "").replace("\"", ""))
        .filter(etag -> etag.matches("[A-Za-z0-9][A-Za-z0-9._-]{0,199}"));
  }

  /** The size of the file in bytes, -1 if the answer does not contain it. */
  long size() {
    return number("X-Linked-Size")
        .orElseGet(() -> isRedirect() ? -1 : number("Content-Length").orElse(-1));
  }

  /** The offset in the file at which the body begins: 0 unless the answer is partial. */
  public OptionalLong offset() {
    if (status() != 206) {
      return OptionalLong.of(0);
    }
    Matcher range = RANGE.matcher(header("Content-Range").orElse(""));
    return range.matches() ? OptionalLong.of(Long.parseLong(range.group(1))) : OptionalLong.empty();
  }

  private OptionalLong number(String name) {
    return header(name)
        .filter(value -> value.matches("\\d{1,18}"))
        .map(value -> OptionalLong.of(Long.parseLong(value)))
        .orElse(OptionalLong.empty());
  }

  /** The pause that the hub asks for, or null. */
  Duration retryAfter(Instant now) {
    HttpHeaders headers = response.headers();
    Optional<String> after = headers.firstValue("Retry-After").map(String::strip);
    if (after.isPresent() && after.get().matches("\\d{1,9}")) {
      return Duration.ofSeconds(Long.parseLong(after.get()));
    }
    if (after.isPresent()) {
      try {
        Instant until =
            ZonedDateTime.parse(
                    after.get(), DateTimeFormatter.RFC_1123_DATE_TIME.withLocale(Locale.ROOT))
                .toInstant();
        return until.isBefore(now) ? Duration.ZERO : Duration.between(now, until);
      } catch (DateTimeException e) {
        return null;
      }
    }
    Matcher limit = RATE_LIMIT.matcher(headers.firstValue("RateLimit").orElse(""));
    return status() == 429 && limit.find() && limit.group(1).equals("0")
        ? Duration.ofSeconds(Long.parseLong(limit.group(2)))
        : null;
  }
}
