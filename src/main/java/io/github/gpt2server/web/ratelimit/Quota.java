package io.github.gpt2server.web.ratelimit;

import io.github.gpt2server.web.error.ApiException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.function.ToLongFunction;
import org.springframework.web.context.request.RequestAttributes;
import org.springframework.web.context.request.RequestContextHolder;

/**
 * What one request takes of its key's limits, from its arrival to the end of its answer. Tokens are
 * reserved before they are computed, the most that the request may take, and what it did not take
 * is given back at the end, so that no answer exceeds the limit while it is generated. Only the
 * request's own thread may ask.
 */
public final class Quota {
  private static final String ATTRIBUTE = Quota.class.getName();
  private static final Duration MOMENT = Duration.ofSeconds(1);
  private static final long NANOS_PER_SECOND = 1_000_000_000;

  private final Allowance allowance;
  private final HttpServletRequest request;
  private final HttpServletResponse response;
  private final List<LongSupplier> used = new ArrayList<>();
  private long reserved;
  private long claimed;
  private boolean ended;

  private Quota(Allowance allowance, HttpServletRequest request, HttpServletResponse response) {
    this.allowance = allowance;
    this.request = request;
    this.response = response;
  }

  /**
   * Begins a request.
   *
   * @throws ApiException 429, if its key has as many at once as it may, or has used up its requests
   */
  static Quota begin(
      Allowance allowance, HttpServletRequest request, HttpServletResponse response) {
    Quota quota = new Quota(allowance, request, response);
    try {
      quota.enter();
    } finally {
      quota.show();
    }
    request.setAttribute(ATTRIBUTE, quota);
    return quota;
  }

  /** The quota of this thread's request; one without limits if nothing limits it. */
  public static Quota current() {
    RequestAttributes attributes = RequestContextHolder.getRequestAttributes();
    return attributes != null
            && attributes.getAttribute(ATTRIBUTE, RequestAttributes.SCOPE_REQUEST)
                instanceof Quota quota
        ? quota
        : new Quota(new Allowance("", new RateLimit(0, 0, 0), null), null, null);
  }

  private void enter() {
    if (!allowance.enter()) {
      throw refusal(
          LimitKind.CONCURRENCY,
          "The limit of %s is %s at once, and it is reached. Try again when one has ended."
              .formatted(allowance.owner(), counted(allowance.concurrentRequests(), "request")),
          MOMENT);
    }
    Duration wait = allowance.requests().map(bucket -> bucket.take(1)).orElse(Duration.ZERO);
    if (!wait.isZero()) {
      allowance.leave();
      throw refusal(
          LimitKind.REQUESTS,
          "The limit of %s is %s per minute, and none is left. Try again in %s."
              .formatted(
                  allowance.owner(),
                  counted(allowance.requests().orElseThrow().limit(), "request"),
                  counted(seconds(wait), "second")),
          wait);
    }
  }

  /** Writes what is left now into the answer's headers. */
  private void show() {
    allowance
        .requests()
        .ifPresent(bucket -> RateLimitHeaders.set(response, LimitKind.REQUESTS, bucket));
    allowance
        .tokens()
        .ifPresent(bucket -> RateLimitHeaders.set(response, LimitKind.TOKENS, bucket));
  }

  /**
   * Reserves tokens for all that the request is going to compute, before the first part of it.
   *
   * @param tokens the most that it may take, in all
   * @throws ApiException 429, if so many are not left; 400, if the limit is smaller
   */
  public void reserve(long tokens) {
    if (tokens <= reserved || allowance.tokens().isEmpty()) {
      return;
    }
    MinuteBucket bucket = allowance.tokens().get();
    if (tokens > bucket.limit()) {
      LimitKind.TOKENS.refuses(request);
      throw ApiException.invalid(
          null,
          "The request may take %s (those that it reads, and max_tokens for each choice), but the limit of %s is %d per minute, so that it can never be answered; ask for less at once."
              .formatted(counted(tokens, "token"), allowance.owner(), bucket.limit()));
    }
    Duration wait = bucket.take(tokens - reserved);
    show();
    if (!wait.isZero()) {
      throw refusal(
          LimitKind.TOKENS,
          "The limit of %s is %s per minute, of which %d are left, and the request may take %d (those that it reads, and max_tokens for each choice). Try again in %s, or ask for less at once."
              .formatted(
                  allowance.owner(),
                  counted(bucket.limit(), "token"),
                  bucket.remaining(),
                  tokens,
                  counted(seconds(wait), "second")),
          wait);
    }
    reserved = tokens;
  }

  /**
   * Submits a part of what the request computes, once there is a reservation for it.
   *
   * @param most the most tokens that the part may take
   * @param used the tokens that it has taken, asked at the end of the request
   * @throws ApiException 429 or 400, if there is no reservation and none can be had
   */
  public <T> T submit(long most, Supplier<T> part, ToLongFunction<T> used) {
    reserve(claimed + most);
    T submitted = part.get();
    claimed += most;
    if (allowance.tokens().isPresent()) {
      this.used.add(() -> Math.min(most, used.applyAsLong(submitted)));
    }
    return submitted;
  }

  /** Returns whether what is left after the request depends on its end. */
  boolean isLimited() {
    return allowance.concurrentRequests() > 0 || allowance.tokens().isPresent();
  }

  /**
   * Ends the request and gives back what it did not take; only the first call counts. Called before
   * the last bytes of a stream are sent, and in any case when the handler has returned.
   */
  public void end() {
    if (ended) {
      return;
    }
    ended = true;
    allowance.leave();
    long taken = used.stream().mapToLong(LongSupplier::getAsLong).sum();
    allowance.tokens().ifPresent(bucket -> bucket.giveBack(reserved - taken));
  }

  private ApiException refusal(LimitKind kind, String message, Duration wait) {
    kind.refuses(request);
    return ApiException.rateLimited(message, Duration.ofSeconds(seconds(wait)));
  }

  private static long seconds(Duration wait) {
    return -Math.floorDiv(-wait.toNanos(), NANOS_PER_SECOND);
  }

  private static String counted(long count, String unit) {
    return count + " " + unit + (count == 1 ? "" : "s");
  }
}
