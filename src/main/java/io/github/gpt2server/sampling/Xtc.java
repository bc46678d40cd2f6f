package io.github.gpt2server.sampling;

/**
 * XTC ("exclude top choices", p-e-w 2024), as in llama.cpp: with some probability, removes all
 * tokens at or above a threshold but the least likely of them, if there are several.
 *
 * @param probability the probability with which anything is removed, from 0 to 1
 * @param threshold least probability of a removed token, from 0 to 1
 */
public record Xtc(double probability, double threshold) {

  /**
   * Removes the top choices.
   *
   * @param chance uniform in [0, 1)
   */
  void truncate(Candidates candidates, double chance) {
    if (chance < probability) {
      truncate(candidates);
    }
  }

  /** Removes the top choices without leaving it to chance. */
  void truncate(Candidates candidates) {
    candidates.removeAllButLastAbove(threshold * candidates.mass());
  }
}
