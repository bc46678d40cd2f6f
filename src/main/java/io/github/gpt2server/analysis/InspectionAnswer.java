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
 * The answer to an {@link InspectionQuestion}. What was not asked for must not be read. A place is
 * 0 for the embedding, else one more than the index among the question's layers; layers, heads and
 * targets are given as indices among the question's.
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

  /** Whether every number that the model gave is one, and finite. */
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

  /** Of numbers in arrays of any depth. */
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

  /** The lengths of the residual stream's vectors at a place, {@code [tokens]}. */
  public float[] residualNorms(int place) {
    return result.residualNorms()[place];
  }

  /** The tokens that the logit lens shows at a place and position, best first. */
  public int[] lensTokens(int place, int position) {
    return result.logitLens()[place].tokens()[position];
  }

  /** Their log-probabilities. */
  public float[] lensLogprobs(int place, int position) {
    return result.logitLens()[place].logprobs()[position];
  }

  /** How much each position attends to each, {@code [tokens][tokens]}; rows sum to 1. */
  public float[][] attention(int layer, int head) {
    return result.attention()[layer][head];
  }

  /** What a target's logit is made of. */
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

  /** The distribution of the next token without the named heads. */
  public TokenDistribution ablated() {
    return ablated;
  }

  /** By how much a target's log-probability changes without the named heads. */
  public double logprobChange(int target) {
    int token = question.targets()[target];
    return ablated.logprob(token) - next.logprob(token);
  }

  /** By how much a target's log-probability changes without one head. */
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
