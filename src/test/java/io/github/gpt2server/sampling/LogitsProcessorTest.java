package io.github.gpt2server.sampling;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class LogitsProcessorTest {

  private static final int ROWS = 2000;
  private static final float MINUS_INFINITY = Float.NEGATIVE_INFINITY;

  /** A row of logits with what was said so far. */
  private record Case(float[] logits, int[] prompt, int[] output) {

    static Case random(Random random) {
      int vocabulary = RandomRows.vocabularySize(random);
      return new Case(
          RandomRows.logits(random, vocabulary),
          random.ints(random.nextInt(40), 0, vocabulary).toArray(),
          random.ints(random.nextInt(40), 0, vocabulary).toArray());
    }

    long timesInPrompt(int token) {
      return IntStream.of(prompt).filter(t -> t == token).count();
    }

    long timesInOutput(int token) {
      return IntStream.of(output).filter(t -> t == token).count();
    }

    TokenHistory history() {
      TokenHistory history = new TokenHistory(prompt);
      IntStream.of(output).forEach(history::add);
      return history;
    }

    float[] processed(LogitsProcessor processor) {
      FloatBuffer row = RandomRows.direct(logits);
      processor.process(row, history());
      return RandomRows.values(row);
    }
  }

  @Test
  void repetitionPenaltyMovesTokensOfPromptAndOutputTowardsUnlikely() {
    Random random = new Random(1);
    for (int row = 0; row < ROWS; row++) {
      Case c = Case.random(random);
      double penalty = 0.5 + random.nextDouble();
      float[] expected = c.logits.clone();
      for (int t = 0; t < expected.length; t++) {
        if (c.timesInPrompt(t) + c.timesInOutput(t) > 0) {
          expected[t] = (float) (expected[t] > 0 ? expected[t] / penalty : expected[t] * penalty);
        }
      }
      RepetitionPenalty processor = RepetitionPenalty.of(penalty);
      assertThat(c.processed(processor)).as("row %d", row).isEqualTo(expected);
      assertThat(processor.edits(c.history())).isEqualTo(c.prompt.length + c.output.length > 0);
    }
  }

  @Test
  void repetitionPenaltyIsAppliedOnceHoweverOftenATokenOccurred() {
    Case c =
        new Case(
            new float[] {3, -3, 3, 0, MINUS_INFINITY}, new int[] {0, 0, 3}, new int[] {0, 1, 4});
    assertThat(c.processed(RepetitionPenalty.of(2)))
        .containsExactly(1.5f, -6, 3, 0, MINUS_INFINITY);
  }

  @Test
  void repetitionPenaltyLooksBackAsFarAsItsRange() {
    Case c = new Case(new float[] {2, 2, 2, 2}, new int[] {0, 1, 2}, new int[] {1, 1});
    assertThat(c.processed(new RepetitionPenalty(2, 2, -1))).containsExactly(2, 1, 2, 2);
    assertThat(c.processed(new RepetitionPenalty(2, 3, -1))).containsExactly(2, 1, 1, 2);
    assertThat(c.processed(new RepetitionPenalty(2, 5, -1))).containsExactly(1, 1, 1, 2);
    assertThat(c.processed(new RepetitionPenalty(2, 500, -1))).containsExactly(1, 1, 1, 2);
  }

  @Test
  void repetitionPenaltyInARangeIsThatOfASequenceOfItsLastTokens() {
    Random random = new Random(5);
    for (int row = 0; row < ROWS; row++) {
      Case c = Case.random(random);
      int[] all = IntStream.concat(IntStream.of(c.prompt), IntStream.of(c.output)).toArray();
      int range = 1 + random.nextInt(50);
      int[] last = Arrays.copyOfRange(all, Math.max(0, all.length - range), all.length);
      assertThat(c.processed(new RepetitionPenalty(1.3, range, -1)))
          .as("row %d", row)
          .isEqualTo(new Case(c.logits, last, new int[0]).processed(RepetitionPenalty.of(1.3)));
    }
  }

  @Test
  void repetitionPenaltyLeavesTheExemptTokenAlone() {
    Case c = new Case(new float[] {2, 2, 2}, new int[] {0, 1}, new int[] {2});
    assertThat(c.processed(new RepetitionPenalty(2, 0, 1))).containsExactly(1, 2, 1);
  }

  @Test
  void occurrencePenaltyFollowsTheFormula() {
    Random random = new Random(2);
    for (int row = 0; row < ROWS; row++) {
      Case c = Case.random(random);
      double presence = 4 * random.nextDouble() - 2;
      double frequency = random.nextInt(4) == 0 ? 0 : 4 * random.nextDouble() - 2;
      float[] expected = c.logits.clone();
      for (int t = 0; t < expected.length; t++) {
        long count = c.timesInOutput(t);
        expected[t] = (float) (expected[t] - ((count > 0 ? presence : 0) + frequency * count));
      }
      OccurrencePenalty processor = new OccurrencePenalty(presence, frequency);
      assertThat(c.processed(processor)).as("row %d", row).isEqualTo(expected);
      assertThat(processor.edits(c.history())).isEqualTo(c.output.length > 0);
    }
  }

  @Test
  void occurrencePenaltyCountsTheOutputOnly() {
    Case c = new Case(new float[] {1, 1, 1}, new int[] {0, 0, 1}, new int[] {1, 2, 1});
    assertThat(c.processed(new OccurrencePenalty(0.5, 0.25))).containsExactly(1, 0, 0.25f);
  }

  @Test
  void logitBiasAddsToItsTokensOnly() {
    Random random = new Random(3);
    for (int row = 0; row < ROWS; row++) {
      Case c = Case.random(random);
      Map<Integer, Float> bias = new HashMap<>();
      for (int i = random.nextInt(5); i > 0; i--) {
        bias.put(random.nextInt(c.logits.length), 200 * random.nextFloat() - 100);
      }
      float[] expected = c.logits.clone();
      for (int t = 0; t < expected.length; t++) {
        expected[t] = bias.containsKey(t) ? expected[t] + bias.get(t) : expected[t];
      }
      LogitBias processor = new LogitBias(bias);
      assertThat(c.processed(processor)).as("row %d", row).isEqualTo(expected);
      assertThat(processor.edits(c.history())).isEqualTo(!bias.isEmpty());
    }
  }

  @Test
  void minTokensMasksStopTokensUntilEnoughAreGenerated() {
    Random random = new Random(4);
    for (int row = 0; row < ROWS; row++) {
      Case c = Case.random(random);
      int count = random.nextInt(60);
      int[] stops = random.ints(random.nextInt(4), 0, c.logits.length).toArray();
      boolean masks = c.output.length < count;
      float[] expected = c.logits.clone();
      for (int t = 0; t < expected.length; t++) {
        int token = t;
        if (masks && IntStream.of(stops).anyMatch(stop -> stop == token)) {
          expected[t] = MINUS_INFINITY;
        }
      }
      MinTokens processor = new MinTokens(count, stops);
      assertThat(c.processed(processor)).as("row %d", row).isEqualTo(expected);
      assertThat(processor.edits(c.history())).isEqualTo(masks && stops.length > 0);
    }
  }

  @Test
  void takingTokensBackLeavesTheHistoryThatWasBefore() {
    Random random = new Random(5);
    for (int row = 0; row < ROWS; row++) {
      Case c = Case.random(random);
      TokenHistory history = c.history();
      int[] more = random.ints(random.nextInt(40), 0, 70).toArray();
      IntStream.of(more).forEach(history::add);
      for (int i = 0; i < more.length; i++) {
        history.removeLast();
      }
      assertThat(contents(history)).as("row %d", row).isEqualTo(contents(c.history()));
      history.add(69);
      TokenHistory same = c.history();
      same.add(69);
      assertThat(contents(history)).as("row %d", row).isEqualTo(contents(same));
    }
  }

  private static List<Object> contents(TokenHistory history) {
    return List.of(
        history.generatedTokens(),
        IntStream.of(history.tokens()).limit(history.length()).boxed().toList(),
        IntStream.range(0, history.distinctTokens())
            .mapToObj(i -> List.of(history.token(i), history.timesGenerated(i)))
            .toList());
  }

  @Test
  void historyGrowsBeyondTheRoomItBeganWith() {
    TokenHistory history = new TokenHistory(new int[] {7});
    for (int i = 0; i < 1000; i++) {
      history.add(i % 500);
    }
    assertThat(history.generatedTokens()).isEqualTo(1000);
    assertThat(history.distinctTokens()).isEqualTo(500);
    assertThat(history.token(0)).isEqualTo(7);
    assertThat(history.token(499)).isEqualTo(499);
    assertThat(history.timesGenerated(0)).isEqualTo(2);
    assertThat(history.timesGenerated(499)).isEqualTo(2);
  }
}
