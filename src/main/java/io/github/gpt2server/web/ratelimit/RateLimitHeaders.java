package io.github.gpt2server.web.ratelimit;

import jakarta.servlet.http.HttpServletResponse;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The headers in which OpenAI's clients look for limits, {@code x-ratelimit-*}. */
public final class RateLimitHeaders {
  private static final String PREFIX = "x-ratelimit-";
  private static final String LIMIT = "limit-";
  private static final String REMAINING = "remaining-";
  private static final String RESET = "reset-";

  private static final long MILLIS_PER_SECOND = 1000;
  private static final long MILLIS_PER_MINUTE = 60_000;
  private static final long NANOS_PER_MILLI = 1_000_000;

  private RateLimitHeaders() {}

  /** The names of all headers, each with what its value is. */
  public static Map<String, String> descriptions() {
    Map<String, String> headers = new LinkedHashMap<>();
    for (LimitKind kind : List.of(LimitKind.REQUESTS, LimitKind.TOKENS)) {
      headers.put(PREFIX + LIMIT + kind, "The API key's limit of " + kind + " per minute.");
      headers.put(PREFIX + REMAINING + kind, "The number of " + kind + " that are left of it.");
      headers.put(
          PREFIX + RESET + kind, "The time until all of it is there again, such as 6m0s or 420ms.");
    }
    return headers;
  }

  /** Sets the headers of one limit, with what is left of it now. */
  static void set(HttpServletResponse response, LimitKind kind, MinuteBucket bucket) {
    long remaining = bucket.remaining();
    response.setHeader(PREFIX + LIMIT + kind, Integer.toString(bucket.limit()));
    response.setHeader(PREFIX + REMAINING + kind, Long.toString(remaining));
    response.setHeader(PREFIX + RESET + kind, written(bucket.untilFull(remaining)));
  }

  /** A duration as OpenAI writes it: {@code 17ms}, {@code 1.5s}, {@code 6m0s}. */
  static String written(Duration duration) {
    long millis = -Math.floorDiv(-duration.toNanos(), NANOS_PER_MILLI);
    if (millis > 0 && millis < MILLIS_PER_SECOND) {
      return millis + "ms";
    }
    long minutes = millis / MILLIS_PER_MINUTE;
    String seconds =
        Duration.ofMillis(millis % MILLIS_PER_MINUTE).toString().replaceFirst("^PT", "");
    return (minutes == 0 ? "" : minutes + "m") + seconds.toLowerCase(Locale.ROOT);
  }
}
