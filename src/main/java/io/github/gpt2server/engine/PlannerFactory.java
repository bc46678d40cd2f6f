package io.github.gpt2server.engine;

import io.github.gpt2server.engine.request.Speculation;
import io.github.gpt2server.engine.speculation.DraftModelProposer;
import io.github.gpt2server.engine.speculation.DraftPlanner;
import io.github.gpt2server.engine.speculation.StepCosts;
import io.github.gpt2server.model.LanguageModel;

/** Creates an engine's planner of draft tokens. */
@FunctionalInterface
interface PlannerFactory {

  /**
   * Creates the planner; called on the engine thread, which measures steps for it.
   *
   * @throws Exception an exception of the draft model's loader
   */
  DraftPlanner create(LanguageModel model) throws Exception;

  /** The factory of the planner that the settings choose. */
  static PlannerFactory of(EngineSettings settings) {
    return model -> {
      // Elsewhere the bits of a row depend on the number of rows, so that drafts could change
      // texts.
      if (!model.reproducible()) {
        return DraftPlanner.OFF;
      }
      if (settings.draftLoader() != null) {
        return new DraftPlanner(StepCosts.measure(model), draftModel(settings));
      }
      return settings.speculation() == Speculation.OFF
          ? DraftPlanner.OFF
          : new DraftPlanner(StepCosts.measure(model));
    };
  }

  private static DraftModelProposer draftModel(EngineSettings settings) throws Exception {
    LanguageModel model = settings.draftLoader().call();
    WarmUp.run(model, settings);
    return new DraftModelProposer(model, StepCosts.measure(model));
  }
}
