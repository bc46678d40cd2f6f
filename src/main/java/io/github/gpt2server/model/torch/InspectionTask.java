package io.github.gpt2server.model.torch;

import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.IValue;
import io.github.gpt2server.model.Inspection;
import io.github.gpt2server.model.InspectionResult;
import io.github.gpt2server.model.ModelTask;
import io.github.gpt2server.model.NonFiniteOutputException;
import io.github.gpt2server.model.checkpoint.Gpt2Config;
import java.util.List;
import java.util.stream.LongStream;

/**
 * Reads one text block by block and reports on the residual stream before and after each. A call
 * passes a whole text through one block, for all of a text must be there to attend to; other calls
 * are short.
 */
final class InspectionTask implements ModelTask<InspectionResult> {

  /** Rows whose logits are in memory at once. */
  private static final int LENS_ROWS = 32;

  /** Tokens that are sorted at once. */
  private static final int LENS_TOKENS = 1 << 14;

  private final Gpt2Config config;
  private final Inspection asked;
  private final TensorCalls program;
  private final SlicePlan plan;
  private final AblationPasses ablation;
  private final LogitAttribution attribution;

  /** The residual stream before the next block, {@code [tokens, width]}. */
  private PtNDArray residual;

  private float[] logits;
  private final float[][] residualNorms;
  private final InspectionResult.Lens[] logitLens;
  private final float[][][][] attention;

  InspectionTask(TorchProgram torch, Gpt2Config config, Inspection asked) {
    this.config = config;
    this.asked = asked;
    this.plan = new SlicePlan(config);
    int layers = asked.layers().size();
    this.residualNorms = asked.residualNorms() ? new float[layers + 1][] : null;
    this.logitLens = asked.logitLens() >= 0 ? new InspectionResult.Lens[layers + 1] : null;
    this.attention = asked.attention() ? new float[layers][][][] : null;
    this.program = new TensorCalls(torch);
    this.ablation = new AblationPasses(program, config, asked);
    this.attribution = asked.attribution() ? new LogitAttribution(program, config, asked) : null;
    planCalls();
  }

  private void planCalls() {
    int count = asked.tokens().length;
    plan.brief(this::embed);
    planLook(0);
    for (int layer = 0; layer < config.layers(); layer++) {
      int block = layer;
      int place = asked.layers().indexOf(block);
      if (attention != null && place >= 0) {
        plan.block(count, () -> attention[place] = attentionWeights(block));
      }
      if (attribution != null) {
        plan.block(count, () -> attribution.take(residual, block));
      }
      ablation.plan(plan, block, () -> residual);
      plan.block(count, () -> pass(block));
      if (place >= 0) {
        planLook(place + 1);
      }
    }
    plan.unembedding(1, this::takeLogits);
    if (attribution != null) {
      attribution.plan(plan, () -> residual);
    }
  }

  private void planLook(int place) {
    if (residualNorms != null) {
      plan.brief(() -> residualNorms[place] = program.floats("norms", IValue.from(residual)));
    }
    if (logitLens != null) {
      planLens(place);
    }
  }

  private void planLens(int place) {
    int count = asked.tokens().length;
    int top = asked.logitLens();
    InspectionResult.Lens lens =
        new InspectionResult.Lens(new int[count][top], new float[count][top]);
    logitLens[place] = lens;
    if (top == 0) {
      return;
    }
    int rows = Math.max(1, Math.min(LENS_ROWS, LENS_TOKENS / top));
    for (int from = 0; from < count; from += rows) {
      int start = from;
      int end = Math.min(count, start + rows);
      plan.unembedding(end - start, () -> likeliest(lens, start, end));
    }
  }

  private void embed() {
    residual =
        program.tensor(
            "embed_texts",
            IValue.listFrom(TensorCalls.longs(asked.tokens())),
            IValue.listFrom(LongStream.range(0, asked.tokens().length).toArray()));
  }

  private void pass(int layer) {
    PtNDArray output =
        program.tensor(
            "block",
            IValue.from(residual),
            IValue.from(layer),
            IValue.listFrom((long) asked.tokens().length));
    residual.close();
    residual = output;
  }

  private float[][][] attentionWeights(int layer) {
    List<Integer> heads = asked.heads();
    int count = asked.tokens().length;
    float[][][] weights = new float[heads.size()][count][count];
    program.read(
        "attention_weights",
        floats -> {
          for (float[][] head : weights) {
            for (float[] row : head) {
              floats.get(row);
            }
          }
        },
        IValue.from(residual),
        IValue.from(layer),
        IValue.listFrom(heads.stream().mapToLong(Integer::longValue).toArray()));
    return weights;
  }

  private void likeliest(InspectionResult.Lens lens, int start, int end) {
    program.read(
        "likeliest",
        floats -> {
          for (int row = start; row < end; row++) {
            floats.get(lens.logprobs()[row]);
          }
          for (int row = start; row < end; row++) {
            for (int i = 0; i < asked.logitLens(); i++) {
              lens.tokens()[row][i] = (int) floats.get();
            }
          }
        },
        IValue.from(residual),
        IValue.from(start),
        IValue.from(end),
        IValue.from(asked.logitLens()));
  }

  private void takeLogits() {
    logits = program.floats("logits", IValue.from(residual), IValue.from(asked.position()));
    NonFiniteOutputException.check("the row of logits", logits);
  }

  @Override
  public boolean advance() {
    return plan.advance();
  }

  @Override
  public InspectionResult result() {
    return new InspectionResult(
        logits,
        residualNorms,
        logitLens,
        attention,
        attribution == null ? null : attribution.result(),
        ablation.logits(),
        ablation.eachLogprobs());
  }

  @Override
  public void close() {
    program.close();
  }
}
