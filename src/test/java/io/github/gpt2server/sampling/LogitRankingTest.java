package io.github.gpt2server.sampling;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Comparator;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LogitRankingTest {

  /** A few tokens, a share of the vocabulary, most of it, all of it: one algorithm each. */
  @ParameterizedTest
  @CsvSource({"10000,1", "10000,256", "10000,400", "10000,3000", "300,299", "300,300", "300,900"})
  void ranksAsPlainSortingDoes(int vocabulary, int count) {
    Random random = new Random(5);
    for (int distinct : new int[] {1, 30, 100_000}) {
      float[] logits = new float[vocabulary];
      for (int i = 0; i < vocabulary; i++) {
        logits[i] = random.nextInt(distinct) - distinct / 2;
        logits[i] = logits[i] == 0 && random.nextBoolean() ? -0f : logits[i];
      }
      logits[vocabulary / 2] = Float.NEGATIVE_INFINITY;
      int[] expected =
          IntStream.range(0, vocabulary)
              .boxed()
              .sorted(
                  Comparator.<Integer>comparingDouble(i -> -(double) logits[i] + 0.0)
                      .thenComparingInt(i -> i))
              .limit(count)
              .mapToInt(i -> i)
              .toArray();

      assertThat(LogitRanking.likeliest(logits, count)).isEqualTo(expected);
    }
  }

  @ParameterizedTest
  @CsvSource({"0", "5"})
  void noneAreRankedWhereNoneAreRequested(int vocabulary) {
    assertThat(LogitRanking.likeliest(new float[vocabulary], 0)).isEmpty();
  }
}
