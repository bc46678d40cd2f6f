package io.github.gpt2server.api.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.gpt2server.api.limit.RequestSizes;
import io.github.gpt2server.api.openai.completion.CompletionRequest;
import io.github.gpt2server.memory.MemoryBudget;
import io.github.gpt2server.memory.MemoryExceededException;
import io.github.gpt2server.memory.MemoryFigures;
import io.github.gpt2server.memory.MemoryUse;
import io.github.gpt2server.web.error.ApiException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What a body reserves while it is read, and what its request retains. */
class BodyMemoryTest {
  private static final RequestSizes SIZES = new RequestSizes(4096, 128);

  /** Half of 16 MB, of which bodies have half, and an eighth is for small ones. */
  private final MemoryBudget budget =
      new MemoryBudget(() -> new MemoryFigures(1L << 30, 16 << 20, 0));

  @Test
  void aBodyReservesAsItArrivesAndRetainsLess() throws IOException {
    String body = "{\"prompt\":\"" + "x".repeat(200_000) + "\"}";
    MemoryBudget.Reservation memory = budget.reserve(MemoryUse.BODIES, 0);
    long[] last = new long[1];
    InputStream bytes =
        new ByteArrayInputStream(body.getBytes(StandardCharsets.UTF_8)) {
          @Override
          public synchronized int read(byte[] buffer, int offset, int length) {
            // What has come before is reserved, and no more.
            assertThat(budget.reserved(MemoryUse.BODIES))
                .isEqualTo((long) pos * MemoryUse.BYTES_PER_BODY_BYTE);
            last[0] = pos;
            return super.read(buffer, offset, length);
          }
        };

    try (BoundedBody bounded = new BoundedBody(bytes, 1 << 20, memory)) {
      new RequestJson(false).read(bounded, CompletionRequest.class, SIZES);
      assertThat(last[0]).isEqualTo(body.length());
      bounded.retain();
    }

    assertThat(budget.reserved(MemoryUse.BODIES)).isEqualTo(2L * body.length());
  }

  @Test
  void entriesCountBesideTheirBytes() throws IOException {
    String body =
        IntStream.range(0, 4096)
            .mapToObj(token -> "\"" + token + "\":1")
            .collect(Collectors.joining(",", "{\"logit_bias\":{", "}}"));
    MemoryBudget.Reservation memory = budget.reserve(MemoryUse.BODIES, 0);

    try (BoundedBody bounded = body(body, memory)) {
      new RequestJson(false).read(bounded, CompletionRequest.class, SIZES);
      bounded.retain();
    }

    assertThat(budget.reserved(MemoryUse.BODIES)).isEqualTo(2L * body.length() + 4096 * 300);
  }

  @Test
  void aBodyThatFailsGivesEverythingBack() {
    MemoryBudget.Reservation memory = budget.reserve(MemoryUse.BODIES, 0);

    assertThatThrownBy(
            () -> {
              try (BoundedBody bounded = body("{\"n\":" + " ".repeat(100_000) + "x", memory)) {
                new RequestJson(false).read(bounded, CompletionRequest.class, SIZES);
              }
            })
        .isInstanceOf(ApiException.class);

    assertThat(budget.reserved(MemoryUse.BODIES)).isZero();
  }

  @Test
  void aBodyThatGrowsBeyondTheBudgetIsRefused() {
    MemoryBudget.Reservation memory = budget.reserve(MemoryUse.BODIES, 0);
    String body = "{\"prompt\":\"" + "x".repeat(1_000_000) + "\"}";

    assertThatThrownBy(
            () -> {
              try (BoundedBody bounded = body(body, memory)) {
                new RequestJson(false).read(bounded, CompletionRequest.class, SIZES);
              }
            })
        .isInstanceOf(MemoryExceededException.class);

    assertThat(budget.reserved(MemoryUse.BODIES)).isZero();
  }

  private static BoundedBody body(String text, MemoryBudget.Reservation memory) {
    return new BoundedBody(
        new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)), 8 << 20, memory);
  }
}
