package io.github.gpt2server.analysis;

import java.util.List;

/**
 * A token's logit as a sum of contributions of the model's components.
 *
 * @param logit the logit
 * @param embedding contribution of token and position embedding
 * @param layers contributions of each block
 * @param finalBias contribution of the bias of the last layer norm
 */
public record LogitParts(float logit, float embedding, List<LayerParts> layers, float finalBias) {

  /**
   * Contributions of one block.
   *
   * @param heads contribution of each attention head, {@code [heads]}
   * @param attentionBias contribution of the bias of attention's output projection
   * @param mlp contribution of the MLP
   */
  public record LayerParts(float[] heads, float attentionBias, float mlp) {}
}
