package io.github.gpt2server.sampling;

/**
 * Locally typical sampling: keeps the tokens whose surprisal {@code -ln p} is nearest the entropy
 * of the distribution, the smallest such set whose probabilities sum to at least {@code p} (Meister
 * et al. 2023, "Locally Typical Sampling", equation 10). Distances are compared in float32, the
 * precision of the probabilities.
 *
 * @param p from 0 to 1
 */
record TypicalP(double p) implements TruncationFilter {

  @Override
  public void truncate(Candidates candidates) {
    int size = candidates.size();
    float[] probabilities = candidates.probabilities();
    double[] logs = candidates.doubleScratch();
    double weightedLogs = 0;
    for (int i = 0; i < size; i++) {
      double log = NaturalLogarithm.of(probabilities[i]);
      logs[i] = log;
      weightedLogs += probabilities[i] * log;
    }
    // Renormalising shifts surprisals and entropy alike, so distances need no renormalised log.
    double meanLog = weightedLogs / candidates.mass();
    float[] distances = candidates.floatScratch();
    for (int i = 0; i < size; i++) {
      distances[i] = (float) Math.abs(logs[i] - meanLog);
    }
    candidates.keepNearestMass(distances, p);
  }

  @Override
  public Removal removal() {
    return Removal.TYPICAL_P;
  }
}
