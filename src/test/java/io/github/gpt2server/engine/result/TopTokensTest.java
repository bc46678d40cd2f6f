package io.github.gpt2server.engine.result;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.FloatBuffer;
import java.util.Comparator;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class TopTokensTest {

  /** Few are picked by scanning, many by sorting: both must be what plain sorting gives. */
  @Test
  void theLikeliestComeFirstAndTheLowerIdAmongEquals() {
    Random random = new Random(5);
    for (int trial = 0; trial < 500; trial++) {
      float[] row = new float[1 + random.nextInt(1000)];
      int distinct = 1 + random.nextInt(1000);
      for (int i = 0; i < row.length; i++) {
        row[i] = random.nextInt(distinct) - distinct / 2;
        row[i] = row[i] == 0 && random.nextBoolean() ? -0f : row[i];
      }
      int count = 1 + random.nextInt(trial % 2 == 0 ? 20 : 1200);
      int[] expected =
          IntStream.range(0, row.length)
              .boxed()
              .sorted(
                  Comparator.<Integer>comparingDouble(i -> -(double) row[i] + 0.0)
                      .thenComparingInt(i -> i))
              .limit(count)
              .mapToInt(i -> i)
              .toArray();

      TopTokens top = TopTokens.of(FloatBuffer.wrap(row.clone()), 2.5f, count);

      assertThat(top.tokens()).isEqualTo(expected);
      for (int i = 0; i < expected.length; i++) {
        assertThat(top.logprobs()[i]).isEqualTo(row[expected[i]] - 2.5f);
      }
    }
  }
}
