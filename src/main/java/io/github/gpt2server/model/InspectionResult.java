package io.github.gpt2server.model;

/**
 * The result of an {@link Inspection}; what was not asked for is null. Everything is computed from
 * what the weights' type does, and reported in float32. {@code places} are the embedding, then the
 * reported layers in their order.
 *
 * @param logits after the position asked for, {@code [vocab]}
 * @param residualNorms Euclidean lengths of the residual stream, {@code [places][tokens]}
 * @param logitLens the likeliest tokens by the residual stream of each place
 * @param attention rows that sum to 1, {@code [layers][heads][tokens][tokens]}
 * @param attribution what adds up to the targets' logits
 * @param ablatedLogits the logits of the pass without the named heads, {@code [vocab]}
 * @param eachLogprobs the targets' log-probabilities without one head, {@code
 *     [layers][heads][targets]}
 */
public record InspectionResult(
    float[] logits,
    float[][] residualNorms,
    Lens[] logitLens,
    float[][][][] attention,
    Attribution attribution,
    float[] ablatedLogits,
    float[][][] eachLogprobs) {

  /**
   * The likeliest tokens after the last layer norm and the unembedding.
   *
   * @param tokens ids, best first, {@code [tokens][count]}
   * @param logprobs their natural log-probabilities
   */
  public record Lens(int[][] tokens, float[][] logprobs) {}

  /**
   * Direct logit attribution: what each component adds to the logits of the targets, with the mean
   * and the deviation of the last layer norm held as they are (Elhage et al. 2021, "A Mathematical
   * Framework for Transformer Circuits"). For each target the parts sum to its logit.
   *
   * @param embedding of token and position, {@code [targets]}
   * @param heads {@code [model layers][model heads][targets]}
   * @param attentionBias the bias of attention's output, {@code [model layers][targets]}
   * @param mlp {@code [model layers][targets]}
   * @param finalBias the last layer norm's bias, {@code [targets]}
   */
  public record Attribution(
      float[] embedding,
      float[][][] heads,
      float[][] attentionBias,
      float[][] mlp,
      float[] finalBias) {}
}
