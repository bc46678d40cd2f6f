package io.github.gpt2server.analysis;

import io.github.gpt2server.analysis.LogitParts.LayerParts;
import io.github.gpt2server.model.InspectionResult;
import io.github.gpt2server.model.InspectionResult.Attribution;
import io.github.gpt2server.model.NonFiniteOutputException;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Answer to an {@link InspectionQuestion}. Parts that were not requested must not be read. Layers,
 * heads and targets are indices into those of the question. A <i>place</i> of the residual stream
 * is 0 for the embedding, otherwise the layer's index plus one.
 */
public final class InspectionAnswer {
  private final InspectionQuestion question;
  private final InspectionResult result;
  private final TokenDistribution next;
  private final TokenDistribution ablated;

  InspectionAnswer(InspectionQuestion question, InspectionResult result) {
    this.question = question;
    this.result = result;
    this.next = TokenDistribution.of(result.logits(), 1);
    this.ablated =
        result.ablatedLogits() == null ? null : TokenDistribution.of(result.ablatedLogits(), 1);
  }

  /** Returns whether every number of the model is finite. */
  public boolean finite() {
    Stream<Object> lens =
        result.logitLens() == null
            ? Stream.empty()
            : Arrays.stream(result.logitLens()).map(InspectionResult.Lens::logprobs);
    Attribution parts = result.attribution();
    Stream<Object> added =
        parts == null
            ? Stream.empty()
            : Stream.of(
                parts.embedding(),
                parts.heads(),
                parts.attentionBias(),
                parts.mlp(),
                parts.finalBias());
    return Stream.of(
            lens,
            added,
            Stream.of(result.logits()),
            Stream.ofNullable(result.residualNorms()),
            Stream.ofNullable(result.attention()),
            Stream.ofNullable(result.ablatedLogits()),
            Stream.ofNullable(result.eachLogprobs()))
        .flatMap(values -> values)
        .allMatch(InspectionAnswer::finite);
  }

  /** Returns whether all numbers of a float array of any depth are finite. */
  private static boolean finite(Object values) {
    if (values instanceof Object[] nested) {
      return Arrays.stream(nested).allMatch(InspectionAnswer::finite);
    }
    return NonFiniteOutputException.allFinite((float[]) values);
  }

  /** The distribution of the next token. */
  public TokenDistribution next() {
    return next;
  }

  /** A target's logit. */
  public float logit(int target) {
    return result.logits()[question.targets()[target]];
  }

  /** Norms of the residual stream's vectors at a place, {@code [tokens]}. */
  public float[] residualNorms(int place) {
    return result.residualNorms()[place];
  }

  /** The logit lens: the likeliest tokens at a place and position, likeliest first. */
  public int[] lensTokens(int place, int position) {
    return result.logitLens()[place].tokens()[position];
  }

  /** Log-probabilities in nats of {@link #lensTokens}. */
  public float[] lensLogprobs(int place, int position) {
    return result.logitLens()[place].logprobs()[position];
  }

  /** Attention weights {@code [to][from]} of a head, each row with sum 1. */
  public float[][] attention(int layer, int head) {
    return result.attention()[layer][head];
  }

  /** The direct attribution of a target's logit to the model's components. */
  public LogitParts attribution(int target) {
    Attribution parts = result.attribution();
    List<LayerParts> layers =
        IntStream.range(0, parts.mlp().length)
            .mapToObj(
                layer ->
                    new LayerParts(
                        column(parts.heads()[layer], target),
                        parts.attentionBias()[layer][target],
                        parts.mlp()[layer][target]))
            .toList();
    return new LogitParts(
        logit(target), parts.embedding()[target], layers, parts.finalBias()[target]);
  }

  /** The distribution of the next token with the named heads ablated. */
  public TokenDistribution ablated() {
    return ablated;
  }

  /** Change of a target's log-probability with the named heads ablated, in nats. */
  public double logprobChange(int target) {
    int token = question.targets()[target];
    return ablated.logprob(token) - next.logprob(token);
  }

  /** Change of a target's log-probability with one head ablated, in nats. */
  public double logprobChange(int target, int layer, int head) {
    return result.eachLogprobs()[layer][head][target] - next.logprob(question.targets()[target]);
  }

  private static float[] column(float[][] rows, int column) {
    float[] values = new float[rows.length];
    for (int row = 0; row < rows.length; row++) {
      values[row] = rows[row][column];
    }
    return values;
  }
}
