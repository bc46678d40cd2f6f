package io.github.gpt2server.analysis;

/**
 * How many numbers the parts of an inspection's answer hold, apart from the text itself.
 *
 * @param next the likeliest next tokens and the targets, without and with named heads ablated
 * @param residualNorm one number for each position and place
 * @param logitLens id, probability and log-probability of some tokens at each position and place
 * @param attention a square for each head
 * @param attribution a number for each target and component
 * @param ablateEach a number for each target and head
 */
public record InspectionSize(
    long next,
    long residualNorm,
    long logitLens,
    long attention,
    long attribution,
    long ablateEach) {

  static InspectionSize of(InspectionQuestion question, int modelLayers, int modelHeads) {
    long length = question.tokens().length;
    long targets = question.targets().length;
    long places = question.layers().size() + 1L;
    long heads = (long) question.layers().size() * question.heads().size();
    // Of each likely token id, probability, log-probability and rank; of each target a logit too.
    long next = 1 + 4L * question.topK() + 5 * targets;
    return new InspectionSize(
        question.ablated().isEmpty() ? next : next + 4L * question.topK() + 3 * targets,
        question.residualNorm() ? places * length : 0,
        question.logitLens() ? 3 * places * length * question.topK() : 0,
        question.attention() ? heads * length * length : 0,
        question.attribution() ? targets * (4 + modelLayers * (modelHeads + 2L)) : 0,
        question.ablateEach() ? heads * targets : 0);
  }

  /** All of them. */
  public long total() {
    return next + residualNorm + logitLens + attention + attribution + ablateEach;
  }
}
