package io.github.gpt2server.hub;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.hub.cache.Snapshot;
import io.github.gpt2server.testing.Fault;
import io.github.gpt2server.testing.LookAlikeHub;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

/** Temporary faults between the hub and the cache. */
class PassingFaultsTest extends HubTest {
  @Test
  @ExtendWith(OutputCaptureExtension.class)
  void goesOnWhereABodyWasCut(CapturedOutput output) throws Exception {
    fixture.server.fail(1, "GET", "/org%2Fsmall/" + WEIGHTS, Fault.cutAfter(120_000));

    assertComplete(fixture.fetch());

    assertThat(rangesOfWeights()).hasSize(2);
    int resumed = Integer.parseInt(rangesOfWeights().get(1).replaceAll("\\D", ""));
    assertThat(resumed).isBetween(1, 120_000);
    assertThat(fixture.pauses).hasSize(1);
    assertThat(output.getOut())
        .contains("localhost: the connection ended after 120000 of 300000 bytes; trying again in");
  }

  @Test
  void goesOnAsLongAsSomethingComes() throws Exception {
    // More cuts than attempts: each brought something.
    fixture.server.fail(8, "GET", "/org%2Fsmall/" + WEIGHTS, Fault.cutAfter(30_000));

    assertComplete(fixture.fetch());

    assertThat(rangesOfWeights()).hasSize(9);
  }

  @Test
  void givesUpAConnectionThatHasGoneSilent() throws Exception {
    fixture.with("HF_HUB_DOWNLOAD_TIMEOUT", "1");
    fixture.server.fail(1, "GET", "/org%2Fsmall/" + WEIGHTS, fixture.server.stallAfter(100_000));

    assertComplete(fixture.fetch());

    assertThat(rangesOfWeights()).hasSize(2).last().isEqualTo("bytes=100000-");
  }

  @Test
  void beginsAnewWhereRangesAreIgnored() throws Exception {
    fixture.leave(repository, WEIGHTS, Arrays.copyOf(repository.content(WEIGHTS), 1_000));
    fixture.server.fail(1, "GET", "/org%2Fsmall/" + WEIGHTS, Fault.ignoreRange());

    assertComplete(fixture.fetch());

    assertThat(rangesOfWeights()).containsExactly("bytes=1000-");
  }

  @ParameterizedTest
  @ValueSource(ints = {100_000, SIZE, SIZE + 5})
  void beginsAnewAfterABeginningThatIsWrong(int length) throws Exception {
    fixture.leave(repository, WEIGHTS, new byte[length]);

    assertComplete(fixture.fetch());

    assertThat(rangesOfWeights()).last().isNull();
  }

  @Test
  void downloadsAFileAnewWhoseChecksumIsWrong() throws Exception {
    fixture.server.fail(1, "GET", "/org%2Fsmall/" + WEIGHTS, Fault.corrupt());
    fixture.server.fail(1, "GET", "/resolve-cache/models/org/small", Fault.corrupt());

    assertComplete(fixture.fetch());

    assertThat(rangesOfWeights()).containsExactly(null, null);
  }

  @ParameterizedTest
  @CsvSource({"500", "502", "503", "504", "408"})
  void triesAgainAfterAProblemOfTheHub(int status) throws Exception {
    fixture.server.fail(2, "GET", "/api/models/", Fault.status(status));

    assertComplete(fixture.fetch());

    assertThat(fixture.pauses).hasSize(2);
    assertThat(fixture.pauses.get(0)).isBetween(Duration.ofSeconds(1), Duration.ofMillis(1_250));
    assertThat(fixture.pauses.get(1)).isBetween(Duration.ofSeconds(2), Duration.ofMillis(2_500));
  }

  @Test
  void waitsAsLongAsTheHubAsks() throws Exception {
    fixture.server.fail(1, "GET", "/api/", Fault.status(429, "Retry-After", "7"));
    fixture.server.fail(
        1, "HEAD", WEIGHTS, Fault.status(429, "RateLimit", "\"resolvers\";r=0;t=55"));

    assertComplete(fixture.fetch());

    assertThat(fixture.pauses).containsExactly(Duration.ofSeconds(7), Duration.ofSeconds(55));
  }

  @Test
  void asksForANewAddressWhenTheOneOfTheCdnIsTooOld() throws Exception {
    fixture.server.fail(1, "GET", "/org%2Fsmall/" + WEIGHTS, Fault.status(403));

    assertComplete(fixture.fetch());

    assertThat(fixture.server.count("GET", "/resolve/" + LookAlikeHub.COMMIT + "/" + WEIGHTS))
        .isEqualTo(2);
  }

  @Test
  void goesOnWithTheCacheWhenTheHubIsAway() throws Exception {
    assertComplete(fixture.fetch());
    fixture.server.fail(9, "GET", "/api/", Fault.status(503));
    assertComplete(fixture.fetch());
    assertThat(fixture.pauses).isEmpty();

    fixture.server.close();
    assertComplete(fixture.fetch());
  }

  @Test
  void twoStartsAtOnceDownloadOnce() throws Exception {
    CountDownLatch half = new CountDownLatch(1);
    CountDownLatch bothAsked = new CountDownLatch(1);
    fixture.server.fail(
        1,
        "GET",
        "/org%2Fsmall/" + WEIGHTS,
        Fault.inTheMiddle(
            () -> {
              half.countDown();
              await(bothAsked);
            }));
    ExecutorService threads = Executors.newFixedThreadPool(2);
    try {
      Future<Snapshot> first = threads.submit(() -> fixture.fetch());
      await(half);
      Future<Snapshot> second = threads.submit(() -> fixture.fetch());
      while (fixture.server.count("HEAD", WEIGHTS) < 2) {
        Thread.onSpinWait();
      }
      bothAsked.countDown();
      assertComplete(first.get(60, TimeUnit.SECONDS));
      assertComplete(second.get(60, TimeUnit.SECONDS));
    } finally {
      threads.shutdownNow();
    }
    assertThat(rangesOfWeights()).hasSize(1);
  }

  @Test
  void keepsWhatHasComeWhenInterrupted() throws Exception {
    CountDownLatch half = new CountDownLatch(1);
    fixture.server.fail(
        1,
        "GET",
        "/org%2Fsmall/" + WEIGHTS,
        (exchange, content) -> {
          half.countDown();
          return fixture.server.stallAfter(150_000).happen(exchange, content);
        });
    FutureTask<Snapshot> fetch = new FutureTask<>(fixture::fetch);
    Thread thread = new Thread(fetch);
    thread.start();
    await(half);
    while (size(fixture.incomplete(repository, WEIGHTS)) < 150_000) {
      Thread.onSpinWait();
    }
    thread.interrupt();
    thread.join(60_000);
    assertThat(fetch)
        .failsWithin(Duration.ZERO)
        .withThrowableThat()
        .havingRootCause()
        .isInstanceOf(InterruptedException.class);

    fixture.server.forget();
    assertComplete(fixture.fetch());
    assertThat(rangesOfWeights()).containsExactly("bytes=150000-");
  }
}
