package io.github.gpt2server.api.insight.inspect;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import io.github.gpt2server.api.insight.token.NextToken;
import io.swagger.v3.oas.annotations.media.Schema;
import java.util.List;

/**
 * Internals of the model; parts that were not requested are absent.
 *
 * @param model the served model's id
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
@Schema(
    description =
        "Internals of the model; parts that were not requested are absent. Everything except"
            + " ablation describes the unmodified model.")
record InspectResponse(
    @Schema(requiredMode = Schema.RequiredMode.REQUIRED) @JsonProperty("model") String model,
    @Schema(requiredMode = Schema.RequiredMode.REQUIRED) @JsonProperty("tokens") List<Token> tokens,
    @Schema(requiredMode = Schema.RequiredMode.REQUIRED) @JsonProperty("next") Next next,
    @JsonProperty("embedding") Embedding embedding,
    @JsonProperty("layers") List<Layer> layers,
    @JsonProperty("attribution") List<Attribution> attribution,
    @JsonProperty("ablation") Ablation ablation) {

  /** A token of the text. */
  @Schema(name = "InspectedToken")
  record Token(
      @JsonProperty("token_id") int tokenId,
      @JsonProperty("token") String token,
      @JsonProperty("bytes") int[] bytes,
      @Schema(description = "Start of the token in the text, in code points.")
          @JsonProperty("offset")
          int offset) {}

  /** The next token's distribution after the requested position. */
  @Schema(name = "InspectedNext")
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Next(
      @JsonProperty("entropy_bits") double entropyBits,
      @Schema(requiredMode = Schema.RequiredMode.REQUIRED) @JsonProperty("top") List<NextToken> top,
      @JsonProperty("targets") List<Target> targets) {}

  /** A target as the next token. */
  @Schema(name = "InspectedTarget")
  record Target(
      @JsonProperty("token_id") int tokenId,
      @JsonProperty("token") String token,
      @JsonProperty("logit") float logit,
      @JsonProperty("logprob") double logprob,
      @JsonProperty("probability") double probability,
      @JsonProperty("rank") int rank) {}

  /** The residual stream before the first layer. */
  @Schema(name = "InspectedEmbedding")
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Embedding(
      @JsonProperty("residual_norm") float[] residualNorm,
      @JsonProperty("logit_lens") List<List<LensToken>> logitLens) {}

  /** A layer: the residual stream after it, and the attention of its heads. */
  @Schema(name = "InspectedLayer")
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Layer(
      @JsonProperty("layer") int layer,
      @JsonProperty("residual_norm") float[] residualNorm,
      @JsonProperty("logit_lens") List<List<LensToken>> logitLens,
      @JsonProperty("attention") List<Attention> attention) {}

  /** A token that the logit lens reports. */
  @Schema(name = "LensToken")
  record LensToken(
      @JsonProperty("token_id") int tokenId,
      @JsonProperty("token") String token,
      @JsonProperty("probability") double probability,
      @JsonProperty("logprob") float logprob) {}

  /** Attention weights of a head, {@code [query, key]}; each row sums to 1. */
  @Schema(name = "AttentionWeights")
  record Attention(@JsonProperty("head") int head, @JsonProperty("weights") float[][] weights) {}

  /** A target's logit as the sum of the contributions of all components. */
  @Schema(name = "LogitAttribution")
  record Attribution(
      @JsonProperty("token_id") int tokenId,
      @JsonProperty("token") String token,
      @JsonProperty("logit") float logit,
      @JsonProperty("embedding") float embedding,
      @JsonProperty("layers") List<AttributionLayer> layers,
      @Schema(description = "Contribution of the final layer norm's bias.")
          @JsonProperty("final_bias")
          float finalBias) {}

  /** The contributions of one layer to a target's logit. */
  @Schema(name = "LogitAttributionLayer")
  record AttributionLayer(
      @JsonProperty("layer") int layer,
      @JsonProperty("heads") float[] heads,
      @JsonProperty("attention_bias") float attentionBias,
      @JsonProperty("mlp") float mlp) {}

  /** The effect of ablating heads, together or each by itself. */
  @Schema(name = "Ablation")
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Ablation(
      @Schema(
              description = "The ablated heads, or \"each\".",
              oneOf = {Head[].class, String.class},
              requiredMode = Schema.RequiredMode.REQUIRED)
          @JsonProperty("ablate")
          Object ablate,
      @JsonProperty("top") List<NextToken> top,
      @JsonProperty("targets") List<AblatedTarget> targets,
      @JsonProperty("layers") List<AblatedLayer> layers) {}

  /** A head, by its layer and its number. */
  @Schema(name = "HeadPlace")
  record Head(
      @Schema(example = "3") @JsonProperty("layer") int layer,
      @Schema(example = "2") @JsonProperty("head") int head) {}

  /** A target's log-probability with the heads ablated. */
  @Schema(name = "AblatedTarget")
  record AblatedTarget(
      @JsonProperty("token_id") int tokenId,
      @JsonProperty("token") String token,
      @JsonProperty("logprob") double logprob,
      @Schema(description = "The ablated log-probability minus the unmodified model's.")
          @JsonProperty("logprob_change")
          double logprobChange) {}

  /** The heads of a layer, each ablated by itself. */
  @Schema(name = "AblatedLayer")
  record AblatedLayer(
      @JsonProperty("layer") int layer, @JsonProperty("heads") List<AblatedHead> heads) {}

  /** One head ablated by itself. */
  @Schema(name = "AblatedHead")
  record AblatedHead(
      @JsonProperty("head") int head, @JsonProperty("targets") List<Change> targets) {}

  /** The change of a target's log-probability, in the order of the request's targets. */
  @Schema(name = "LogprobChange")
  record Change(@JsonProperty("logprob_change") double logprobChange) {}
}
