package io.github.gpt2server.model;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.model.StepPlan.Chunk;
import java.util.List;
import org.junit.jupiter.api.Test;

class StepPlanTest {
  private static final StepPlan DRAFTED =
      new StepPlan(
          List.of(
              Chunk.decode(1, 8, 20), Chunk.decode(4, 5, 30, 31), Chunk.decode(6, 9, 40, 41, 42)),
          List.of(
              new Chunk(0, 0, new int[] {1, 2, 3, 4}, 4), new Chunk(0, 4, new int[] {5, 6, 7}, 2)));

  @Test
  void withoutDraftsIsTheLastKnownTokensAndThePrompts() {
    assertThat(DRAFTED.withoutDrafts())
        .isEqualTo(
            new StepPlan(
                List.of(Chunk.decode(1, 8, 20), Chunk.decode(4, 5, 30), Chunk.decode(6, 9, 40)),
                DRAFTED.prompts()));
    StepPlan empty = new StepPlan(List.of(), List.of());
    assertThat(empty.withoutDrafts()).isEqualTo(empty);
  }

  @Test
  void draftTokensAreNoSequences() {
    assertThat(DRAFTED.sequences()).isEqualTo(4);
    assertThat(DRAFTED.drafts()).isEqualTo(2);
    assertThat(DRAFTED.draftTokens()).isEqualTo(3);
    assertThat(DRAFTED.decodeRows()).isEqualTo(6);
    assertThat(DRAFTED.promptTokens()).isEqualTo(7);
  }

  @Test
  void chunksAreComparedByTheirTokens() {
    assertThat(Chunk.decode(1, 8, 20, 21))
        .isEqualTo(Chunk.decode(1, 8, 20, 21))
        .hasSameHashCodeAs(Chunk.decode(1, 8, 20, 21))
        .isNotEqualTo(Chunk.decode(1, 8, 20, 22))
        .isNotEqualTo(new Chunk(1, 8, new int[] {20, 21}, 1))
        .hasToString("slot 1 from 8: [20, 21], logits from 0");
  }
}
