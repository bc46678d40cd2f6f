package io.github.gpt2server.engine.speculation;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.engine.FakeModel;
import io.github.gpt2server.model.StepPlan;
import org.junit.jupiter.api.Test;

class StepCostsTest {

  @Test
  void liesOnStraightLinesBetweenWhatIsKnownAndBeyond() {
    StepCosts costs = new StepCosts(new int[] {1, 4, 8}, new double[] {10, 13, 25});
    assertThat(costs.of(1)).isEqualTo(10);
    assertThat(costs.of(2)).isEqualTo(11);
    assertThat(costs.of(4)).isEqualTo(13);
    assertThat(costs.of(5)).isEqualTo(16);
    assertThat(costs.of(8)).isEqualTo(25);
    assertThat(costs.of(20)).isEqualTo(61);
  }

  /** A step of more rows that seems to be faster was measured in a better moment. */
  @Test
  void neverFalls() {
    StepCosts costs = new StepCosts(new int[] {1, 2, 4}, new double[] {10, 8, 9});
    assertThat(costs.of(2)).isEqualTo(10);
    assertThat(costs.of(4)).isEqualTo(10);
    assertThat(costs.of(9)).isEqualTo(10);
  }

  @Test
  void proportionalCostsAreThoseOfTheRows() {
    assertThat(StepCosts.PROPORTIONAL.of(1)).isEqualTo(1);
    assertThat(StepCosts.PROPORTIONAL.of(17)).isEqualTo(17);
  }

  @Test
  void measuresNoMoreRowsThanTheContextHolds() {
    for (int context : new int[] {1, 2, 9, 16, 512}) {
      FakeModel model = new FakeModel(1, context);
      StepCosts costs = StepCosts.measure(model);
      int most = costs.rows()[costs.rows().length - 1];
      assertThat(most).isEqualTo(context == 512 ? 32 : Integer.highestOneBit((context + 1) / 2));
      assertThat(model.plans).extracting(StepPlan::sequences).containsOnly(1);
      assertThat(costs.of(1)).isPositive();
    }
  }
}
