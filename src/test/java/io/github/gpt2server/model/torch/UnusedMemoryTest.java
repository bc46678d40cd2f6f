package io.github.gpt2server.model.torch;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.model.CacheSize;
import io.github.gpt2server.model.StepPlan;
import io.github.gpt2server.model.StepPlan.Chunk;
import io.github.gpt2server.model.StepResult;
import io.github.gpt2server.model.checkpoint.DataType;
import io.github.gpt2server.model.checkpoint.Gpt2Config;
import io.github.gpt2server.model.checkpoint.Weights;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The caches' memory is not filled before it is used: what lies behind a sequence's own positions,
 * which may be no numbers, does not reach it.
 */
class UnusedMemoryTest {
  private static final int[] PROMPT = {3, 1, 4, 1, 5};
  private static final int[] SAMPLE = {9, 2, 6};
  private static final int SLOTS = 4;

  @TempDir Path folder;

  @ParameterizedTest
  @EnumSource(names = {"FLOAT32", "BFLOAT16", "INT8"})
  void whatLiesBehindASequenceDoesNotReachIt(WeightType type) {
    new RandomModel(folder, 48, 1, "")
        .notNumbers("wpe.weight", 8)
        .safetensors(DataType.F32, UnaryOperator.identity());
    Gpt2Config config = Gpt2Config.read(folder);
    try (Gpt2Model model =
        Gpt2Model.load(
            config,
            Weights.open(folder, config),
            TorchDevice.CPU,
            type,
            new CacheSize(SLOTS, 0, 64),
            SAMPLE)) {
      List<float[]> expected = read(model, 2);
      int[] whole = new int[16];
      prefill(model, 0, whole);
      try (StepResult result =
          model.step(new StepPlan(List.of(Chunk.decode(0, 15, 1)), List.of()))) {
        assertThat(row(result)).containsOnly(Float.NaN);
      }

      assertThat(read(model, 0)).containsExactlyElementsOf(expected);
      assertThat(expected.get(2)).doesNotContain(Float.NaN);
    }
  }

  /** The logits after a prompt and after each of two tokens, the second beside another sequence. */
  private static List<float[]> read(Gpt2Model model, int slot) {
    List<float[]> logits = new ArrayList<>();
    logits.add(prefill(model, slot, PROMPT));
    try (StepResult result =
        model.step(new StepPlan(List.of(Chunk.decode(slot, PROMPT.length, 7)), List.of()))) {
      logits.add(row(result));
    }
    prefill(model, slot + 1, Arrays.copyOf(PROMPT, 2));
    try (StepResult result =
        model.step(
            new StepPlan(
                List.of(Chunk.decode(slot, PROMPT.length + 1, 8), Chunk.decode(slot + 1, 2, 3)),
                List.of()))) {
      logits.add(row(result));
    }
    return logits;
  }

  private static float[] prefill(Gpt2Model model, int slot, int[] tokens) {
    Chunk chunk = new Chunk(slot, 0, tokens, tokens.length - 1);
    try (StepResult result = model.step(new StepPlan(List.of(), List.of(chunk)))) {
      return row(result);
    }
  }

  private static float[] row(StepResult result) {
    FloatBuffer logits = result.logits(0);
    float[] row = new float[logits.remaining()];
    logits.get(row);
    return row;
  }
}
