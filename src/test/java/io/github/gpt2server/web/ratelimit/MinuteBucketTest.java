package io.github.gpt2server.web.ratelimit;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Test;

class MinuteBucketTest {
  private final TestClock clock = new TestClock();

  @Test
  void beginsFullAndRefillsEvenly() {
    MinuteBucket bucket = new MinuteBucket(6, clock);

    assertThat(bucket.take(6)).isZero();
    assertThat(bucket.take(1)).isEqualTo(Duration.ofSeconds(10));
    assertThat(bucket.take(3)).isEqualTo(Duration.ofSeconds(30));
    clock.forward(Duration.ofMillis(9_999));
    assertThat(bucket.take(1)).isEqualTo(Duration.ofMillis(1));
    clock.forward(Duration.ofMillis(1));
    assertThat(bucket.take(1)).isZero();
    clock.forward(Duration.ofHours(1));
    assertThat(bucket.remaining()).isEqualTo(6);
  }

  @Test
  void whatIsGivenBackCanBeTakenAgainUpToTheLimit() {
    MinuteBucket bucket = new MinuteBucket(100, clock);

    assertThat(bucket.take(80)).isZero();
    bucket.giveBack(30);
    assertThat(bucket.remaining()).isEqualTo(50);
    bucket.giveBack(0);
    bucket.giveBack(1000);
    assertThat(bucket.remaining()).isEqualTo(100);
  }

  @Test
  void saysWhenItIsFullAgain() {
    MinuteBucket bucket = new MinuteBucket(60, clock);

    assertThat(bucket.untilFull(60)).isZero();
    assertThat(bucket.untilFull(59)).isEqualTo(Duration.ofSeconds(1));
    assertThat(bucket.untilFull(0)).isEqualTo(Duration.ofMinutes(1));
  }

  /** In t minutes at most limit * (1 + t), whatever is asked and when. */
  @Test
  void neverGivesMoreThanTheLimitAndItsRefill() {
    Random random = new Random(7);
    for (int limit : new int[] {1, 7, 60, 1_000, 1_000_000_007}) {
      MinuteBucket bucket = new MinuteBucket(limit, clock);
      long start = clock.currentTimeNanos();
      long taken = 0;
      for (int i = 0; i < 2_000; i++) {
        clock.forward(Duration.ofMillis(random.nextInt(500)));
        long units = 1L + random.nextInt(Math.max(1, limit / 20));
        if (bucket.take(units).isZero()) {
          taken += units;
        }
        double minutes = (clock.currentTimeNanos() - start) / 60e9;
        assertThat((double) taken).isLessThanOrEqualTo(limit * (1 + minutes) + 1e-6);
      }
      // And it is no stricter than that.
      assertThat((double) taken).isGreaterThan(limit * 2.0);
    }
  }
}
