package io.github.gpt2server.api.insight.inspect;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import io.github.gpt2server.api.insight.token.NextToken;
import io.swagger.v3.oas.annotations.media.Schema;
import java.util.List;

/**
 * What goes on inside the model; what was not asked for is absent.
 *
 * @param model the served model's id
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
@Schema(
    description =
        "What goes on inside the model; what was not asked for is absent. All but ablation is of"
            + " the model as it is.")
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
      @Schema(description = "Where it starts, in code points.") @JsonProperty("offset")
          int offset) {}

  /** What may come next after the position asked for. */
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

  /** A layer: the residual stream after it, and what its heads look at. */
  @Schema(name = "InspectedLayer")
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Layer(
      @JsonProperty("layer") int layer,
      @JsonProperty("residual_norm") float[] residualNorm,
      @JsonProperty("logit_lens") List<List<LensToken>> logitLens,
      @JsonProperty("attention") List<Attention> attention) {}

  /** A token that the logit lens shows. */
  @Schema(name = "LensToken")
  record LensToken(
      @JsonProperty("token_id") int tokenId,
      @JsonProperty("token") String token,
      @JsonProperty("probability") double probability,
      @JsonProperty("logprob") float logprob) {}

  /** How much a head's positions (rows) attend to each position; each row sums to 1. */
  @Schema(name = "AttentionWeights")
  record Attention(@JsonProperty("head") int head, @JsonProperty("weights") float[][] weights) {}

  /** A target's logit as the sum of what each component adds to it. */
  @Schema(name = "LogitAttribution")
  record Attribution(
      @JsonProperty("token_id") int tokenId,
      @JsonProperty("token") String token,
      @JsonProperty("logit") float logit,
      @JsonProperty("embedding") float embedding,
      @JsonProperty("layers") List<AttributionLayer> layers,
      @Schema(description = "The last layer norm's bias.") @JsonProperty("final_bias")
          float finalBias) {}

  /** What one layer adds to a target's logit. */
  @Schema(name = "LogitAttributionLayer")
  record AttributionLayer(
      @JsonProperty("layer") int layer,
      @JsonProperty("heads") float[] heads,
      @JsonProperty("attention_bias") float attentionBias,
      @JsonProperty("mlp") float mlp) {}

  /** What changes without some heads, or without each. */
  @Schema(name = "Ablation")
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Ablation(
      @Schema(
              description = "The heads without which this is, or \"each\".",
              oneOf = {Head[].class, String.class},
              requiredMode = Schema.RequiredMode.REQUIRED)
          @JsonProperty("ablate")
          Object ablate,
      @JsonProperty("top") List<NextToken> top,
      @JsonProperty("targets") List<AblatedTarget> targets,
      @JsonProperty("layers") List<AblatedLayer> layers) {}

  /** A head by its place. */
  @Schema(name = "HeadPlace")
  record Head(
      @Schema(example = "3") @JsonProperty("layer") int layer,
      @Schema(example = "2") @JsonProperty("head") int head) {}

  /** A target without the named heads. */
  @Schema(name = "AblatedTarget")
  record AblatedTarget(
      @JsonProperty("token_id") int tokenId,
      @JsonProperty("token") String token,
      @JsonProperty("logprob") double logprob,
      @Schema(description = "The ablated log-probability less the model's own.")
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
