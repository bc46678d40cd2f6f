package io.github.gpt2server.analysis;

import java.util.List;

/**
 * A token's logit as the sum of what each component of the model adds to it.
 *
 * @param logit the whole
 * @param embedding what token and position embedding add
 * @param layers what each block of the model adds
 * @param finalBias what the bias of the last layer norm adds
 */
public record LogitParts(float logit, float embedding, List<LayerParts> layers, float finalBias) {

  /**
   * What one block adds.
   *
   * @param heads what each attention head adds, {@code [heads]}
   * @param attentionBias what the bias of attention's output adds
   * @param mlp what the MLP adds
   */
  public record LayerParts(float[] heads, float attentionBias, float mlp) {}
}
