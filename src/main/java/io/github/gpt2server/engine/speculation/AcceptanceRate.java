package io.github.gpt2server.engine.speculation;

import java.util.function.DoubleSupplier;

/**
 * Estimated acceptance rate of one kind of draft token: the share that the model confirms. It
 * begins at a prior, which observed draft tokens gradually outweigh.
 */
final class AcceptanceRate {
  private final DoubleSupplier prior;
  private final double priorWeight;
  private final double halfLife;
  private double drafted;
  private double accepted;

  /**
   * Creates an estimate without observations.
   *
   * @param prior the rate before any observation, from 0 to 1
   * @param priorWeight the weight of the prior, in draft tokens
   * @param halfLife the number of draft tokens after which the counts are halved, so that recent
   *     ones weigh more
   */
  AcceptanceRate(DoubleSupplier prior, double priorWeight, double halfLife) {
    this.prior = prior;
    this.priorWeight = priorWeight;
    this.halfLife = halfLife;
  }

  /** Counts a draft token and whether the model confirmed it. */
  void add(boolean wasAccepted) {
    if (drafted >= halfLife) {
      drafted /= 2;
      accepted /= 2;
    }
    drafted++;
    accepted += wasAccepted ? 1 : 0;
  }

  /** The number of draft tokens counted, after halving. */
  double drafted() {
    return drafted;
  }

  /** The estimated probability that a draft token is accepted. */
  double value() {
    return (accepted + priorWeight * prior.getAsDouble()) / (drafted + priorWeight);
  }
}
