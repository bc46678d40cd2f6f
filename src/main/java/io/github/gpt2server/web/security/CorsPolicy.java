package io.github.gpt2server.web.security;

import io.github.gpt2server.web.RequestIdFilter;
import io.github.gpt2server.web.error.ErrorCode;
import io.github.gpt2server.web.error.ErrorResponse;
import io.github.gpt2server.web.ratelimit.RateLimitHeaders;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.springframework.http.HttpHeaders;
import org.springframework.http.MediaType;
import org.springframework.http.server.ServerHttpResponse;
import org.springframework.web.cors.CorsConfiguration;
import org.springframework.web.cors.DefaultCorsProcessor;
import org.springframework.web.cors.UrlBasedCorsConfigurationSource;
import org.springframework.web.filter.CorsFilter;

/** Rules for pages of other origins: those that may call, the headers they may send and see. */
public final class CorsPolicy {
  private static final List<String> EXPOSED =
      Stream.concat(
              Stream.of(
                  HttpHeaders.RETRY_AFTER, HttpHeaders.WWW_AUTHENTICATE, RequestIdFilter.HEADER),
              RateLimitHeaders.descriptions().keySet().stream())
          .toList();
  private static final Duration PREFLIGHT_LIFE = Duration.ofHours(1);

  private final List<String> origins;

  /** Allows the listed origins; {@code *} stands for all. */
  public CorsPolicy(List<String> origins) {
    this.origins = List.copyOf(origins);
  }

  /** A filter that answers preflights and marks the answers to allowed origins. */
  public CorsFilter filter() {
    CorsConfiguration configuration = new CorsConfiguration();
    configuration.setAllowedOrigins(origins);
    configuration.setAllowedMethods(List.of("GET", "HEAD", "POST"));
    configuration.setAllowedHeaders(List.of(CorsConfiguration.ALL));
    configuration.setExposedHeaders(EXPOSED);
    configuration.setMaxAge(PREFLIGHT_LIFE);
    UrlBasedCorsConfigurationSource everywhere = new UrlBasedCorsConfigurationSource();
    everywhere.registerCorsConfiguration("/**", configuration);
    CorsFilter filter = new CorsFilter(everywhere);
    filter.setCorsProcessor(new EnvelopeCorsProcessor());
    return filter;
  }

  /** Refuses in the form of all other errors. */
  private static final class EnvelopeCorsProcessor extends DefaultCorsProcessor {
    @Override
    protected void rejectRequest(ServerHttpResponse response) throws IOException {
      response.setStatusCode(ErrorCode.ORIGIN_NOT_ALLOWED.status());
      response.getHeaders().setContentType(MediaType.APPLICATION_JSON);
      ErrorResponse.of(
              ErrorCode.ORIGIN_NOT_ALLOWED,
              null,
              "Pages of this web origin may not make this call: gpt2.cors-origins lists those that"
                  + " may, with GET and POST.")
          .writeTo(response.getBody());
    }
  }
}
