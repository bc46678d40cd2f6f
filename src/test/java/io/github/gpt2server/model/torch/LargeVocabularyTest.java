package io.github.gpt2server.model.torch;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.model.CacheSize;
import io.github.gpt2server.model.StepPlan;
import io.github.gpt2server.model.StepPlan.Chunk;
import io.github.gpt2server.model.StepResult;
import io.github.gpt2server.model.checkpoint.Activation;
import io.github.gpt2server.model.checkpoint.DataType;
import io.github.gpt2server.model.checkpoint.Gpt2Config;
import io.github.gpt2server.model.checkpoint.Weights;
import io.github.gpt2server.testing.SafetensorsWriter;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A row's sums have the same bits alone and among others also where the vocabulary is so large that
 * libtorch would split a sum over one row among its threads.
 */
class LargeVocabularyTest {
  private static final int VOCAB = 50_257;
  private static final int ROWS = 6;

  @TempDir Path folder;

  @Test
  void aRowsSumsHaveTheSameBitsAloneAndAmongOthers() {
    Gpt2Config config =
        new Gpt2Config(
            VOCAB,
            16,
            8,
            1,
            2,
            32,
            1e-5,
            Activation.GELU_TANH,
            true,
            List.of(),
            true,
            false,
            false);
    write();
    TorchRuntime.load();
    TorchRuntime.setThreads(2);
    try (Gpt2Model model =
        Gpt2Model.load(
            config,
            Weights.open(folder, config),
            TorchDevice.CPU,
            WeightType.FLOAT32,
            new CacheSize(1, 0, 64))) {
      int[] prompt = new Random(1).ints(ROWS, 0, VOCAB).toArray();
      int[] tokens = new Random(2).ints(ROWS, 0, VOCAB).toArray();
      double[] temperatures = {1, 1, 0.7, 1, 2, 1};
      int[] rows = IntStream.range(0, ROWS).toArray();
      StepPlan plan = new StepPlan(List.of(), List.of(new Chunk(0, 0, prompt, 0)));
      try (StepResult result = model.step(plan)) {
        float[] sums = result.logSumExp(rows, temperatures);
        float[][] scores = result.score(rows, tokens, temperatures);
        for (int row : rows) {
          int[] one = {row};
          double[] temperature = {temperatures[row]};
          assertThat(result.logSumExp(one, temperature)).containsExactly(sums[row]);
          float[][] alone = result.score(one, new int[] {tokens[row]}, temperature);
          for (int kind = 0; kind < 3; kind++) {
            assertThat(alone[kind]).containsExactly(scores[kind][row]);
          }
        }
      }
    }
  }

  private void write() {
    Random random = new Random(5);
    SafetensorsWriter writer = new SafetensorsWriter().metadata();
    Map<String, long[]> shapes =
        Map.ofEntries(
            Map.entry("wte.weight", new long[] {VOCAB, 8}),
            Map.entry("wpe.weight", new long[] {16, 8}),
            Map.entry("h.0.ln_1.weight", new long[] {8}),
            Map.entry("h.0.ln_1.bias", new long[] {8}),
            Map.entry("h.0.attn.c_attn.weight", new long[] {8, 24}),
            Map.entry("h.0.attn.c_attn.bias", new long[] {24}),
            Map.entry("h.0.attn.c_proj.weight", new long[] {8, 8}),
            Map.entry("h.0.attn.c_proj.bias", new long[] {8}),
            Map.entry("h.0.ln_2.weight", new long[] {8}),
            Map.entry("h.0.ln_2.bias", new long[] {8}),
            Map.entry("h.0.mlp.c_fc.weight", new long[] {8, 32}),
            Map.entry("h.0.mlp.c_fc.bias", new long[] {32}),
            Map.entry("h.0.mlp.c_proj.weight", new long[] {32, 8}),
            Map.entry("h.0.mlp.c_proj.bias", new long[] {8}),
            Map.entry("ln_f.weight", new long[] {8}),
            Map.entry("ln_f.bias", new long[] {8}));
    shapes.forEach(
        (name, shape) -> {
          int count = (int) Arrays.stream(shape).reduce(1, (a, b) -> a * b);
          float[] values = new float[count];
          for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextGaussian();
          }
          writer.add(name, DataType.F32, shape, values);
        });
    writer.write(folder.resolve("model.safetensors"));
  }
}
