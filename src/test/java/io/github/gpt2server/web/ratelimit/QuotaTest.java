package io.github.gpt2server.web.ratelimit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.github.gpt2server.web.error.ApiException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.springframework.mock.web.MockHttpServletRequest;
import org.springframework.mock.web.MockHttpServletResponse;

class QuotaTest {
  private static final int THREADS = 8;

  private final TestClock clock = new TestClock();
  private final MockHttpServletRequest request = new MockHttpServletRequest();
  private final MockHttpServletResponse response = new MockHttpServletResponse();

  private Allowance allowance(int requests, int tokens, int concurrent) {
    return new Allowance("this API key", new RateLimit(requests, tokens, concurrent), clock);
  }

  private Quota begin(Allowance allowance) {
    return Quota.begin(allowance, request, response);
  }

  private static ApiException refused(ThrowingCallable attempt) {
    return catchThrowableOfType(ApiException.class, attempt);
  }

  @Test
  void aRequestMoreThanTheLimitIsRefusedUntilThereIsOneAgain() {
    Allowance allowance = allowance(2, 0, 0);
    begin(allowance).end();
    begin(allowance).end();

    ApiException refusal = refused(() -> begin(allowance));

    assertThat(refusal.status().value()).isEqualTo(429);
    assertThat(refusal.response().error().code()).isEqualTo("rate_limit_exceeded");
    assertThat(refusal.getMessage())
        .isEqualTo(
            "The limit of this API key is 2 requests per minute, and none is left. Try again in 30"
                + " seconds.");
    assertThat(refusal.retryAfter()).isEqualTo(Duration.ofSeconds(30));
    assertThat(LimitKind.thatRefused(request)).contains(LimitKind.REQUESTS);
    assertThat(response.getHeader("x-ratelimit-remaining-requests")).isEqualTo("0");
    assertThat(response.getHeader("x-ratelimit-reset-requests")).isEqualTo("1m0s");
    clock.forward(Duration.ofSeconds(30));
    begin(allowance).end();
  }

  @Test
  void whatARequestMayTakeIsReservedAndTheRestComesBack() {
    Allowance allowance = allowance(0, 100, 0);
    Quota quota = begin(allowance);

    quota.submit(60, () -> "part", part -> 25);
    assertThat(response.getHeader("x-ratelimit-remaining-tokens")).isEqualTo("40");
    assertThat(response.getHeader("x-ratelimit-reset-tokens")).isEqualTo("36s");
    ApiException refusal = refused(() -> begin(allowance).reserve(41));
    assertThat(refusal.status().value()).isEqualTo(429);
    assertThat(refusal.getMessage())
        .isEqualTo(
            "The limit of this API key is 100 tokens per minute, of which 40 are left, and the"
                + " request may take 41 (those that it reads, and max_tokens for each choice). Try"
                + " again in 1 second, or ask for less at once.");
    assertThat(refusal.retryAfter()).isEqualTo(Duration.ofSeconds(1));
    quota.end();

    assertThat(allowance.tokens().orElseThrow().remaining()).isEqualTo(75);
  }

  @Test
  void partsOfAReservationTakeNothingMore() {
    Allowance allowance = allowance(0, 100, 0);
    Quota quota = begin(allowance);

    quota.reserve(60);
    quota.submit(40, () -> "first", part -> 40);
    quota.submit(20, () -> "second", part -> 10);
    assertThat(allowance.tokens().orElseThrow().remaining()).isEqualTo(40);
    quota.submit(5, () -> "third", part -> 5);
    assertThat(allowance.tokens().orElseThrow().remaining()).isEqualTo(35);
    begin(allowance).reserve(35);
    ApiException refusal = refused(() -> quota.submit(20, () -> "fourth", part -> 20));
    assertThat(refusal.status().value()).isEqualTo(429);
    quota.end();
    quota.end();

    assertThat(allowance.tokens().orElseThrow().remaining()).isEqualTo(10);
  }

  @Test
  void aPartThatCannotBeSubmittedTakesNothing() {
    Allowance allowance = allowance(0, 100, 0);
    Quota quota = begin(allowance);

    for (int attempt = 0; attempt < 3; attempt++) {
      assertThat(
              catchThrowableOfType(
                  IllegalStateException.class,
                  () ->
                      quota.submit(
                          70,
                          () -> {
                            throw new IllegalStateException("the queue is full");
                          },
                          part -> 70)))
          .isNotNull();
    }
    assertThat(allowance.tokens().orElseThrow().remaining()).isEqualTo(30);
    quota.end();

    assertThat(allowance.tokens().orElseThrow().remaining()).isEqualTo(100);
  }

  @Test
  void aPartIsChargedNoMoreThanItsReservation() {
    Allowance allowance = allowance(0, 100, 0);
    Quota quota = begin(allowance);

    quota.submit(10, () -> "part", part -> 1_000);
    quota.end();

    assertThat(allowance.tokens().orElseThrow().remaining()).isEqualTo(90);
  }

  @Test
  void aRequestThatCanNeverBeAnsweredIsNotToBeRepeated() {
    Quota quota = begin(allowance(0, 100, 0));

    ApiException refusal = refused(() -> quota.reserve(101));

    assertThat(refusal.status().value()).isEqualTo(400);
    assertThat(refusal.retryAfter()).isNull();
    assertThat(refusal.getMessage())
        .isEqualTo(
            "The request may take 101 tokens (those that it reads, and max_tokens for each choice),"
                + " but the limit of this API key is 100 per minute, so that it can never be"
                + " answered; ask for less at once.");
    assertThat(LimitKind.thatRefused(request)).contains(LimitKind.TOKENS);
  }

  @Test
  void oneMoreAtOnceIsRefusedAndTakesNoRequest() {
    Allowance allowance = allowance(3, 0, 1);
    Quota running = begin(allowance);

    ApiException refusal = refused(() -> begin(allowance));

    assertThat(refusal.getMessage())
        .isEqualTo(
            "The limit of this API key is 1 request at once, and it is reached. Try again when one"
                + " has ended.");
    assertThat(refusal.retryAfter()).isEqualTo(Duration.ofSeconds(1));
    assertThat(LimitKind.thatRefused(request)).contains(LimitKind.CONCURRENCY);
    assertThat(response.getHeader("x-ratelimit-remaining-requests")).isEqualTo("2");
    running.end();
    begin(allowance).end();
  }

  @Test
  void aRequestRefusedByTheMinuteDoesNotCountAsRunning() {
    Allowance allowance = allowance(1, 0, 1);
    begin(allowance).end();

    for (int attempt = 0; attempt < 3; attempt++) {
      refused(() -> begin(allowance));
      assertThat(LimitKind.thatRefused(request)).contains(LimitKind.REQUESTS);
    }
  }

  @Test
  void threadsTogetherAreAdmittedExactlyAsOftenAsAllowed() throws Exception {
    Allowance allowance = allowance(500, 0, 0);
    AtomicInteger admitted = new AtomicInteger();

    inParallel(
        () -> {
          for (int i = 0; i < 200; i++) {
            if (refused(() -> beginApart(allowance).end()) == null) {
              admitted.incrementAndGet();
            }
          }
          return null;
        });

    assertThat(admitted.get()).isEqualTo(500);
  }

  @Test
  void threadsTogetherReserveNoMoreThanThereIsAndAllComesBack() throws Exception {
    Allowance allowance = allowance(0, 1_000, 0);
    MinuteBucket tokens = allowance.tokens().orElseThrow();
    AtomicLong held = new AtomicLong();
    AtomicInteger admitted = new AtomicInteger();

    inParallel(
        () -> {
          for (int i = 0; i < 500; i++) {
            Quota quota = beginApart(allowance);
            int size = 100 + i % 200;
            if (refused(() -> quota.submit(size, () -> "part", part -> 0)) == null) {
              assertThat(held.addAndGet(size)).isLessThanOrEqualTo(1_000);
              admitted.incrementAndGet();
              held.addAndGet(-size);
            }
            quota.end();
          }
          return null;
        });

    assertThat(admitted.get()).isPositive();
    assertThat(tokens.remaining()).isEqualTo(1_000);
  }

  @Test
  void threadsTogetherAreNeverMoreAtOnceThanAllowed() throws Exception {
    Allowance allowance = allowance(0, 0, 3);
    AtomicInteger running = new AtomicInteger();
    AtomicInteger admitted = new AtomicInteger();

    inParallel(
        () -> {
          for (int i = 0; i < 2_000; i++) {
            Quota[] quota = new Quota[1];
            if (refused(() -> quota[0] = beginApart(allowance)) == null) {
              assertThat(running.incrementAndGet()).isLessThanOrEqualTo(3);
              admitted.incrementAndGet();
              running.decrementAndGet();
              quota[0].end();
            }
          }
          return null;
        });

    assertThat(admitted.get()).isPositive();
    for (int i = 0; i < 3; i++) {
      begin(allowance);
    }
    assertThat(refused(() -> begin(allowance))).isNotNull();
  }

  /** As on a thread of its own: with a request and an answer of its own. */
  private static Quota beginApart(Allowance allowance) {
    return Quota.begin(allowance, new MockHttpServletRequest(), new MockHttpServletResponse());
  }

  private static void inParallel(Callable<Void> work) throws Exception {
    CyclicBarrier start = new CyclicBarrier(THREADS);
    ExecutorService threads = Executors.newFixedThreadPool(THREADS);
    try {
      List<Future<Void>> all = new ArrayList<>();
      for (int i = 0; i < THREADS; i++) {
        all.add(
            threads.submit(
                () -> {
                  start.await();
                  return work.call();
                }));
      }
      for (Future<Void> one : all) {
        one.get();
      }
    } finally {
      threads.shutdownNow();
    }
  }
}
