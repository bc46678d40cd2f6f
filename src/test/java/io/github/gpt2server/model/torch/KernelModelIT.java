package io.github.gpt2server.model.torch;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.model.CacheSize;
import io.github.gpt2server.model.EmbeddingPlan;
import io.github.gpt2server.model.Inspection;
import io.github.gpt2server.model.InspectionResult;
import io.github.gpt2server.model.ModelTask;
import io.github.gpt2server.model.Pooling;
import io.github.gpt2server.model.StepPlan;
import io.github.gpt2server.model.StepPlan.Chunk;
import io.github.gpt2server.model.StepResult;
import io.github.gpt2server.model.checkpoint.Gpt2Config;
import io.github.gpt2server.model.checkpoint.Weights;
import io.github.gpt2server.model.torch.kernels.KernelChoice;
import io.github.gpt2server.model.torch.kernels.KernelLibrary;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * With the kernels a token's logits depend on the weights and the tokens before it alone: not on
 * the variant, the number of threads, where a prompt is cut, whether a token is read or decoded, or
 * what else is in the step. What inspections, embeddings and similarities report does not depend on
 * the variant and the threads either.
 */
class KernelModelIT {
  private static final Path FOLDER = Path.of("models/gpt2-fairytales");
  private static final int SLOTS = 6;
  private static final int TOKENS = 70;

  private final long seed = System.nanoTime();
  private final Random random = new Random(seed);
  private final int[] text = random.ints(TOKENS, 0, 4000).toArray();

  @AfterEach
  void restore() {
    TorchRuntime.useKernels(KernelChoice.AUTO);
    TorchRuntime.setThreads(2);
  }

  @ParameterizedTest
  @EnumSource(
      value = WeightType.class,
      names = {"FLOAT32", "BFLOAT16", "INT8"})
  void aTokenHasTheSameBitsEverywhere(WeightType type) {
    KernelLibrary library = KernelLibrary.load().orElseThrow();
    Gpt2Config config = Gpt2Config.read(FOLDER);
    CacheSize cache = new CacheSize(SLOTS, 2, 32);
    try (Gpt2Model model =
        Gpt2Model.load(config, Weights.open(FOLDER, config), TorchDevice.CPU, type, cache)) {
      assertThat(model.arithmetic().kernels()).isEqualTo(Kernels.C);
      library.use(library.variants().get(0));
      float[] expected = cut(model, TOKENS);
      Insight expectedInsight = insight(model);
      for (String variant : library.variants()) {
        TorchRuntime.setThreads(1 + random.nextInt(3));
        library.use(variant);
        // Without instructions for fma a step takes a hundred times as long.
        int rounds = variant.equals(library.variants().get(0)) ? 1 : 3;
        for (int round = 0; round < rounds; round++) {
          assertThat(cut(model, 1 + random.nextInt(TOKENS)))
              .as("%s, seed %d", variant, seed)
              .isEqualTo(expected);
        }
        assertThat(cut(model, 1)).as("%s, seed %d", variant, seed).isEqualTo(expected);
        assertThat(decoded(model, random.nextInt(TOKENS - 1)))
            .as("%s, seed %d", variant, seed)
            .isEqualTo(expected);
        assertThat(insight(model))
            .as("%s, seed %d", variant, seed)
            .usingRecursiveComparison()
            .isEqualTo(expectedInsight);
      }
    }
  }

  /** The internals of a short text, vectors of two texts, and tokens near others. */
  private record Insight(
      InspectionResult internals, List<float[][]> vectors, Map<Integer, Float> nearest) {}

  private Insight insight(Gpt2Model model) {
    int[] some = Arrays.copyOf(text, 7);
    return new Insight(
        result(
            model.inspect(
                new Inspection(
                    some,
                    6,
                    List.of(0, 3),
                    List.of(1, 4),
                    true,
                    3,
                    true,
                    new int[] {5, 4000},
                    true,
                    new TreeMap<>(Map.of(1, List.of(2))),
                    true))),
        result(
            model.embed(
                new EmbeddingPlan(
                    List.of(some, Arrays.copyOf(text, 10)), 4, true, Pooling.MEAN, false))),
        result(model.nearestTokens(new int[] {5, 77}, new int[] {1000}, 9)));
  }

  private static <R> R result(ModelTask<R> task) {
    try (task) {
      while (task.advance()) {
        // The next slice.
      }
      return task.result();
    }
  }

  /** The last token's logits if the text is read in pieces of up to `size`, beside another text. */
  private float[] cut(Gpt2Model model, int size) {
    int slot = random.nextInt(SLOTS - 1);
    float[] last = null;
    for (int start = 0; start < TOKENS; ) {
      int length = Math.min(1 + random.nextInt(size), TOKENS - start);
      List<Chunk> chunks = new ArrayList<>();
      chunks.add(chunk(slot, start, length));
      if (random.nextBoolean()) {
        chunks.add(chunk(SLOTS - 1, 0, 1 + random.nextInt(Math.min(TOKENS, 4 * size))));
      }
      last = row(model, new StepPlan(List.of(), chunks), 0);
      start += length;
    }
    return last;
  }

  /** The same if all tokens after the first are decoded one by one. */
  private float[] decoded(Gpt2Model model, int first) {
    float[] last = null;
    for (int position = 0; position < TOKENS; position++) {
      if (position == 0 && first > 0) {
        row(model, new StepPlan(List.of(), List.of(chunk(2, 0, first))), 0);
        position = first;
      }
      List<Chunk> decodes = new ArrayList<>();
      decodes.add(Chunk.decode(2, position, text[position]));
      if (random.nextBoolean()) {
        decodes.add(Chunk.decode(4, 0, random.nextInt(4000)));
      }
      last = row(model, new StepPlan(decodes, List.of()), 0);
    }
    return last;
  }

  private Chunk chunk(int slot, int start, int length) {
    return new Chunk(slot, start, Arrays.copyOfRange(text, start, start + length), length - 1);
  }

  private static float[] row(Gpt2Model model, StepPlan plan, int row) {
    try (StepResult result = model.step(plan)) {
      FloatBuffer logits = result.logits(row);
      float[] numbers = new float[logits.remaining()];
      logits.get(numbers);
      return numbers;
    }
  }
}
