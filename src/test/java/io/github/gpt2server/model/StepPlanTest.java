package io.github.gpt2server.model;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.model.StepPlan.CachedChunk;
import io.github.gpt2server.model.StepPlan.Decode;
import java.util.List;
import org.junit.jupiter.api.Test;

class StepPlanTest {
  private static final StepPlan DRAFTED =
      new StepPlan(
          List.of(
              new Decode(1, 8, 20),
              new Decode(4, 5, 30),
              new Decode(6, 9, 40),
              new Decode(4, 6, 31),
              new Decode(6, 10, 41),
              new Decode(6, 11, 42)),
          List.of(new CachedChunk(0, 0, 7, 6, 0)));

  @Test
  void aRoundHasSomeOfTheSlotsOfTheOneBefore() {
    assertThat(DRAFTED.rounds())
        .extracting(round -> round.stream().map(Decode::slot).toList())
        .containsExactly(List.of(1, 4, 6), List.of(4, 6), List.of(6));
  }

  @Test
  void withoutDraftsIsTheFirstRoundAndTheChunks() {
    assertThat(DRAFTED.withoutDrafts())
        .isEqualTo(new StepPlan(DRAFTED.decodes().subList(0, 3), DRAFTED.chunks()));
    StepPlan empty = new StepPlan(List.of(), List.of());
    assertThat(empty.withoutDrafts()).isEqualTo(empty);
    assertThat(empty.rounds()).isEmpty();
  }

  @Test
  void draftedTokensAreNoSequences() {
    assertThat(DRAFTED.sequences()).isEqualTo(4);
    assertThat(DRAFTED.draftTokens()).isEqualTo(3);
    assertThat(DRAFTED.promptTokens()).isEqualTo(7);
  }
}
