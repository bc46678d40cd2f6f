package io.github.gpt2server.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.NavigableMap;
import java.util.Random;
import org.junit.jupiter.api.Test;

class CandidatesTest {

  private static final double LARGEST_U = Math.nextDown(1.0);

  private final Candidates candidates = new Candidates();

  @Test
  void drawsWhereTheCumulativeProbabilityExceedsU() {
    candidates.load(RandomRows.direct(0.125f, 0, 0.5f, 0.25f, 0.125f));
    assertThat(candidates.draw(0.124)).isEqualTo(0);
    assertThat(candidates.draw(0.125)).isEqualTo(2);
    assertThat(candidates.draw(0.624)).isEqualTo(2);
    assertThat(candidates.draw(0.625)).isEqualTo(3);
    assertThat(candidates.draw(0.874)).isEqualTo(3);
    assertThat(candidates.draw(0.875)).isEqualTo(4);
  }

  @Test
  void drawsWhatAPlainLoopDraws() {
    Random random = new Random(1);
    for (int row = 0; row < 2000; row++) {
      float[] p = RandomRows.probabilities(random, RandomRows.vocabularySize(random));
      NavigableMap<Integer, Double> distribution = PlainTruncation.distribution(p);
      candidates.load(RandomRows.direct(p));
      for (int draw = 0; draw < 10; draw++) {
        double u = random.nextDouble();
        assertThat(candidates.draw(u))
            .as("row %d, u %s", row, u)
            .isEqualTo(PlainTruncation.draw(distribution, u));
      }
    }
  }

  @Test
  void neverDrawsProbabilityZero() {
    // Zeros fill the first and the last of the blocks, and surround the one possible token.
    float[] p = new float[5000];
    p[2500] = 1;
    candidates.load(RandomRows.direct(p));
    assertThat(candidates.draw(0)).isEqualTo(2500);
    assertThat(candidates.draw(LARGEST_U)).isEqualTo(2500);
  }

  @Test
  void aRemainderLeftByRoundingGoesToTheLastPossibleToken() {
    Random random = new Random(2);
    for (int row = 0; row < 2000; row++) {
      float[] p = RandomRows.probabilities(random, RandomRows.vocabularySize(random));
      NavigableMap<Integer, Double> distribution = PlainTruncation.distribution(p);
      candidates.load(RandomRows.direct(p));
      assertThat(p[candidates.draw(0)]).isPositive();
      assertThat(p[candidates.draw(LARGEST_U)]).isPositive();
      // As if the sums had been rounded down, and u * mass lay beyond them.
      assertThat(candidates.draw(1.001)).isEqualTo(distribution.lastKey());
    }
  }

  @Test
  void aRowIsLoadedAnewWhateverWasLeftOfTheOneBefore() {
    candidates.load(RandomRows.direct(0.1f, 0.2f, 0.3f, 0.4f));
    candidates.keepLikeliest(2);
    candidates.keepLikeliest(1);
    assertThat(candidates.size()).isOne();
    assertThat(candidates.id(0)).isEqualTo(3);
    candidates.load(RandomRows.direct(0.25f, 0.25f, 0.25f));
    assertThat(candidates.size()).isEqualTo(3);
    assertThat(candidates.mass()).isEqualTo(0.75);
    assertThat(new int[] {candidates.id(0), candidates.id(1), candidates.id(2)})
        .containsExactly(0, 1, 2);
  }

  @Test
  void rowsFromWhichNothingCanBeDrawnAreRefused() {
    assertRefused(0.5f, Float.NaN, 0.5f);
    assertRefused(Float.NaN, Float.NaN);
    assertRefused(0.5f, Float.POSITIVE_INFINITY);
    assertRefused(0, 0, 0);
    assertRefused();
  }

  private void assertRefused(float... row) {
    assertThatThrownBy(() -> candidates.load(RandomRows.direct(row)))
        .isInstanceOf(NoCandidateException.class)
        .hasMessageStartingWith(
            "No token can be drawn: the probabilities of the next token sum to");
  }
}
