package io.github.gpt2server.engine;

import io.github.gpt2server.model.BlockCopy;
import io.github.gpt2server.model.LanguageModel;
import io.github.gpt2server.model.ModelLoadException;
import io.github.gpt2server.model.StepPlan;
import io.github.gpt2server.model.StepPlan.Chunk;
import io.github.gpt2server.model.StepResult;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Runs each kind of step before the first request: libtorch's executor specialises the program
 * during its first calls, and on a GPU libraries choose kernels by the number of rows. Rejects a
 * model whose logits are not finite.
 */
final class WarmUp {
  /** The first call is profiled, the second is optimised for what the profile saw. */
  private static final int SPECIALISING_CALLS = 2;

  private WarmUp() {}

  static void run(LanguageModel model, EngineSettings settings) {
    int length = Math.min(settings.leastPrefillTokens(), model.contextLength() - 1);
    for (int call = 0; call < SPECIALISING_CALLS; call++) {
      run(model, new StepPlan(List.of(), List.of(prompt(0, length))));
    }
    if (model.blocks() > 0) {
      BlockCopy copy = new BlockCopy(0, 0, Math.min(length, model.blockLength()), 0);
      model.retain(List.of(copy));
      model.restore(List.of(copy));
    }
    int slots = model.warmUpSlots();
    for (int rows = 1; rows <= slots; rows *= 2) {
      run(model, new StepPlan(decodes(rows, length), List.of()));
    }
    if (slots > 1) {
      run(model, new StepPlan(decodes(1, length), List.of(prompt(1, length))));
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

  private static List<Chunk> decodes(int rows, int position) {
    return IntStream.range(0, rows)
        .mapToObj(slot -> Chunk.decode(slot, position, new int[1]))
        .toList();
  }

  private static Chunk prompt(int slot, int length) {
    return new Chunk(slot, 0, new int[length], length - 1);
  }
}
