package io.github.gpt2server.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.gpt2server.model.ModelLoadException;
import io.github.gpt2server.model.StepPlan;
import io.github.gpt2server.model.StepPlan.Chunk;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class WarmUpTest {

  @Test
  void runsStepsInAsFewSlotsAsTheModelWants() {
    FakeModel model = new FakeModel(32, 64, 2);
    model.warmUpSlots = 2;

    WarmUp.run(model, EngineSettings.withQueue(1).withLeastPrefillTokens(32));

    assertThat(rows(model)).containsExactly(0, 1, 2);
    assertThat(slots(model.plans)).containsExactly(0, 1);
    assertThat(model.plans)
        .anyMatch(plan -> plan.decodes().size() == 1 && plan.prompts().size() == 1);
  }

  @Test
  void usesEverySlotWhereEachHasItsMemory() {
    FakeModel model = new FakeModel(8, 64);

    WarmUp.run(model, EngineSettings.withQueue(1).withLeastPrefillTokens(32));

    assertThat(rows(model)).containsExactly(0, 1, 2, 4, 8);
    assertThat(slots(model.plans)).containsExactly(0, 1, 2, 3, 4, 5, 6, 7);
    assertThat(model.plans).extracting(StepPlan::draftTokens).containsOnly(0);
  }

  @Test
  void staysInsideAShortContext() {
    FakeModel model = new FakeModel(32, 6);
    model.warmUpSlots = 2;

    WarmUp.run(model, EngineSettings.withQueue(1).withLeastPrefillTokens(32));

    assertThat(rows(model)).containsExactly(0, 1, 2);
    assertThat(model.plans.stream().flatMap(plan -> plan.decodes().stream()))
        .extracting(Chunk::start)
        .containsOnly(5);
  }

  @Test
  void refusesAModelWhoseLogitsAreNotNumbers() {
    FakeModel model = new FakeModel(8, 64);
    for (float wrong : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
      model.peak = wrong;

      assertThatExceptionOfType(ModelLoadException.class)
          .isThrownBy(
              () -> WarmUp.run(model, EngineSettings.withQueue(1).withLeastPrefillTokens(32)))
          .withMessageStartingWith("the model's logits are not numbers: a first step gives token ")
          .withMessageContaining(" the logit " + wrong + "; ");
    }
    model.peak = 1e5f;
    WarmUp.run(model, EngineSettings.withQueue(1).withLeastPrefillTokens(32));
  }

  /** Number of decoding rows in a step. */
  private static Set<Integer> rows(FakeModel model) {
    Set<Integer> rows = new TreeSet<>();
    model.plans.forEach(plan -> rows.add(plan.decodeRows()));
    return rows;
  }

  private static Set<Integer> slots(List<StepPlan> plans) {
    Set<Integer> slots = new TreeSet<>();
    plans.stream().flatMap(StepPlan::chunks).map(Chunk::slot).forEach(slots::add);
    return slots;
  }
}
