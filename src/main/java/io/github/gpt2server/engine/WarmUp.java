package io.github.gpt2server.engine;

import io.github.gpt2server.model.LanguageModel;
import io.github.gpt2server.model.ModelLoadException;
import io.github.gpt2server.model.StepPlan;
import io.github.gpt2server.model.StepPlan.CachedChunk;
import io.github.gpt2server.model.StepPlan.ComputedChunk;
import io.github.gpt2server.model.StepPlan.Decode;
import io.github.gpt2server.model.StepResult;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Runs each kind of step before the first request: libtorch's executor specialises the program
 * during its first calls, and oneDNN compiles a kernel for each shape. Rejects a model whose logits
 * are not finite.
 */
final class WarmUp {
  /** The first call is profiled, the second is optimised for what the profile saw. */
  private static final int SPECIALISING_CALLS = 2;

  private WarmUp() {}

  static void run(LanguageModel model, EngineSettings settings) {
    int chunk = Math.min(settings.chunkSize(), model.contextLength() - 1);
    for (int call = 0; call < SPECIALISING_CALLS; call++) {
      run(model, new StepPlan(List.of(), List.of(chunk(0, chunk))));
    }
    if (model.blocks() > 0) {
      run(model, filled(chunk));
      run(model, copied(chunk));
    }
    int slots = model.warmUpSlots();
    int most = Math.min(model.slots(), slots * (model.contextLength() - chunk));
    for (int batch = 1; batch <= most; batch *= 2) {
      run(model, new StepPlan(decodes(batch, slots, chunk), List.of()));
    }
    if (slots > 1) {
      run(model, new StepPlan(decodes(1, slots, chunk), List.of(chunk(1, chunk))));
    }
  }

  private static void run(LanguageModel model, StepPlan plan) {
    try (StepResult result = model.step(plan)) {
      result.argmax();
      result.softmax(new int[] {0}, new double[] {1});
      result.logSumExp(new int[] {0}, new double[] {1});
      requireNumbers(result.logits(0));
    }
  }

  private static void requireNumbers(FloatBuffer logits) {
    for (int token = 0; token < logits.limit(); token++) {
      float logit = logits.get(token);
      if (Float.isNaN(logit) || logit == Float.POSITIVE_INFINITY) {
        throw new ModelLoadException(
            ("the model's logits are not numbers: a first step gives token %d the logit %s; its"
                    + " weights are damaged, or too large for gpt2.dtype: convert or"
                    + " train it again, or try float32")
                .formatted(token, logit));
      }
    }
  }

  /** {@code count} rows: in rounds, like draft tokens, where there are fewer slots. */
  private static List<Decode> decodes(int count, int slots, int position) {
    return IntStream.range(0, count)
        .mapToObj(row -> new Decode(row % slots, position + row / slots, 0))
        .toList();
  }

  private static StepPlan filled(int length) {
    return new StepPlan(
        List.of(), List.of(new ComputedChunk(0, 0, new int[length], length - 1, 0)));
  }

  private static StepPlan copied(int length) {
    return new StepPlan(List.of(), List.of(new CachedChunk(0, 0, length, length - 1, 0)));
  }

  private static ComputedChunk chunk(int slot, int length) {
    return new ComputedChunk(slot, 0, new int[length], length - 1, StepPlan.NO_BLOCK);
  }
}
