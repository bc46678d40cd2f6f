package io.github.gpt2server.analysis;

/**
 * Number of values of each part of an inspection's answer, without the text itself.
 *
 * @param next values of the likeliest next tokens and the targets, without and with named heads
 *     ablated
 * @param residualNorm one for each position and place
 * @param logitLens id, probability and log-probability of the likeliest tokens at each position and
 *     place
 * @param attention the square of the number of tokens for each head
 * @param attribution one for each target and component
 * @param ablateEach one for each target and head
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
    // Id, probability, log-probability and rank of each likely token; of targets the logit too.
    long next = 1 + 4L * question.topK() + 5 * targets;
    return new InspectionSize(
        question.ablated().isEmpty() ? next : next + 4L * question.topK() + 3 * targets,
        question.residualNorm() ? places * length : 0,
        question.logitLens() ? 3 * places * length * question.topK() : 0,
        question.attention() ? heads * length * length : 0,
        question.attribution() ? targets * (4 + modelLayers * (modelHeads + 2L)) : 0,
        question.ablateEach() ? heads * targets : 0);
  }

  /** The sum of all parts. */
  public long total() {
    return next + residualNorm + logitLens + attention + attribution + ablateEach;
  }
}
