package io.github.gpt2server.model.torch;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.model.BlockCopy;
import io.github.gpt2server.model.CacheSize;
import io.github.gpt2server.model.StepPlan;
import io.github.gpt2server.model.StepPlan.Chunk;
import io.github.gpt2server.model.StepResult;
import io.github.gpt2server.model.checkpoint.DataType;
import io.github.gpt2server.model.checkpoint.Gpt2Config;
import io.github.gpt2server.model.checkpoint.TensorData;
import io.github.gpt2server.model.checkpoint.Weights;
import io.github.gpt2server.testing.OneCore;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every form that a GPT-2 comes in gives the logits of the plain restatement. */
@OneCore
class LayoutsIT {
  private static final int[] TOKENS = {3, 1, 4, 1, 5, 9, 2, 6, 5, 3};
  private static final int LAST = TOKENS.length - 1;
  private static final int FOUR_TIMES = 48;
  private static final double ORDINARY = 0.4;

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "gelu_new",
        "gelu_pytorch_tanh",
        "gelu_fast",
        "gelu",
        "quick_gelu",
        "silu",
        "relu",
        "tanh"
      })
  void everyActivation(String name) {
    model(FOUR_TIMES, ",'activation_function':'" + name + "'").safetensors(DataType.F32, same());
    assertRight(1e-4);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        ",'scale_attn_weights':false",
        ",'scale_attn_by_inverse_layer_idx':true,'reorder_and_upcast_attn':true",
        ",'layer_norm_epsilon':0.1"
      })
  void everySettingOfAttentionAndLayerNorm(String fields) {
    model(FOUR_TIMES, fields).safetensors(DataType.F32, same());
    assertRight(1e-4);
  }

  @Test
  void anotherWidthInsideTheMlp() {
    model(20, ",'n_inner':20").safetensors(DataType.F32, same());
    assertRight(1e-4);
  }

  @ParameterizedTest
  @EnumSource
  void everyTypeOfNumbers(DataType dtype) {
    model(FOUR_TIMES, "").safetensors(dtype, same());
    assertRight(1e-4);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"transformer.", "module.", "module.transformer.", "_orig_mod.transformer."})
  void everyPrefix(String prefix) {
    model(FOUR_TIMES, ",'tie_word_embeddings':false")
        .untied()
        .safetensors(
            DataType.F32,
            name ->
                (name.startsWith("lm_head") ? prefix.replace("transformer.", "") : prefix) + name);
    assertRight(1e-4);
  }

  /** As nanoGPT trains with bias=False. */
  @Test
  void noBiases() {
    model(FOUR_TIMES, "").safetensors(DataType.F32, same());
    double[] biased = expected();
    model(FOUR_TIMES, "").withoutBiases().safetensors(DataType.F32, same());
    assertThat(distance(expected(), biased)).isGreaterThan(0.1);
    assertRight(1e-4);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aTiedModelUnderTheNameOfTheUnembedding(boolean pickle) {
    model(FOUR_TIMES, "").safetensors(DataType.F32, same());
    double[] usual = expected();
    folder.resolve("model.safetensors").toFile().delete();
    RandomModel model = model(FOUR_TIMES, "").renamed("wte.weight", "lm_head.weight");
    if (pickle) {
      model.zip(false);
    } else {
      model.safetensors(DataType.F32, same());
    }
    assertThat(distance(expected(), usual)).isZero();
    assertRight(1e-4);
  }

  @Test
  void anUnembeddingOfItsOwn() {
    model(FOUR_TIMES, "").safetensors(DataType.F32, same());
    double[] tied = expected();
    model(FOUR_TIMES, ",'tie_word_embeddings':false").untied().safetensors(DataType.F32, same());
    assertThat(distance(expected(), tied)).isGreaterThan(1);
    assertRight(1e-4);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void filesOfPyTorchRowByRowAndColumnByColumn(boolean transposed) {
    model(FOUR_TIMES, "").safetensors(DataType.F32, same());
    double[] safetensors = expected();
    folder.resolve("model.safetensors").toFile().delete();
    model(FOUR_TIMES, "").zip(transposed);
    assertThat(distance(expected(), safetensors)).isZero();
    assertRight(1e-4);
  }

  @Test
  void filesOfOldPyTorchWithNumbersAtOddPositions() {
    model(FOUR_TIMES, "").stream();
    Gpt2Config config = Gpt2Config.read(folder);
    TensorData tensor = Weights.open(folder, config).get("h.1.mlp.c_fc.weight");
    assertThat(tensor.data().alignmentOffset(0, Float.BYTES)).isOdd();
    assertRight(1e-4);
  }

  @Test
  void shardsOfPyTorch() {
    model(FOUR_TIMES, "").shards();
    assertRight(1e-4);
  }

  /** A GPU's kernels are not there, but its masks, views and copies are. */
  @Test
  void libtorchsOperators() {
    model(FOUR_TIMES, "").safetensors(DataType.F32, same());
    double[] expected = expected();
    try (Gpt2Model model = load(WeightType.FLOAT32, List.of(Kernels.LIBTORCH))) {
      assertThat(model.reproducible()).isFalse();
      assertThat(distance(prefilled(model), expected)).isLessThan(1e-4);
      assertThat(distance(decoded(model), expected)).isLessThan(1e-4);
      // Drafted after seven tokens, beside a longer text, with an idle slot between them.
      read(model, 0, 0, 7);
      read(model, 2, 0, 9);
      Chunk drafted = Chunk.decode(0, 7, Arrays.copyOfRange(TOKENS, 7, 10));
      Chunk beside = Chunk.decode(2, 9, TOKENS[9]);
      try (StepResult result = model.step(new StepPlan(List.of(drafted, beside), List.of()))) {
        assertThat(distance(row(result, 2), expected)).isLessThan(1e-4);
        assertThat(distance(row(result, 3), expected)).isLessThan(1e-4);
      }
      // A prompt whose beginning comes from the prefix cache.
      model.retain(List.of(new BlockCopy(0, 0, 8, 0)));
      model.restore(List.of(new BlockCopy(1, 0, 8, 0)));
      Chunk rest = new Chunk(1, 8, Arrays.copyOfRange(TOKENS, 8, 10), 1);
      try (StepResult result = model.step(new StepPlan(List.of(beside), List.of(rest)))) {
        assertThat(distance(row(result, 1), expected)).isLessThan(1e-4);
      }
    }
  }

  private static void read(Gpt2Model model, int slot, int start, int end) {
    Chunk chunk = new Chunk(slot, start, Arrays.copyOfRange(TOKENS, start, end), end - start);
    model.step(new StepPlan(List.of(), List.of(chunk))).close();
  }

  private static double[] row(StepResult result, int row) {
    FloatBuffer logits = result.logits(row);
    return IntStream.range(0, logits.limit()).mapToDouble(logits::get).toArray();
  }

  /** Scores of tens: bfloat16 rounds them by a tenth. */
  @Test
  void attentionInFloat32WhereTheModelAsksForIt() {
    double large = 1.5;
    new RandomModel(folder, FOUR_TIMES, large, "").safetensors(DataType.F32, same());
    double rounded = distance(roundedLogits(), expected());
    new RandomModel(folder, FOUR_TIMES, large, ",'reorder_and_upcast_attn':true")
        .safetensors(DataType.F32, same());
    double upcast = distance(roundedLogits(), expected());
    assertThat(upcast).isLessThan(rounded);

    Gpt2Config config = Gpt2Config.read(folder);
    assertThat(Gpt2Model.cacheBytes(config, WeightType.BFLOAT16, 3))
        .isEqualTo(2L * 2 * 3 * 16 * 12 * Float.BYTES);
  }

  /** Up to 65,504; the rows of an embedding beside shorter weights are in float16 otherwise. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void embeddingsThatFloat16CannotHold(boolean untied) {
    RandomModel model = model(FOUR_TIMES, "");
    if (untied) {
      model.untied().scaled("lm_head.weight", 10, 1 << 18);
    }
    model.scaled("wte.weight", 10, 1 << 18).safetensors(DataType.F32, same());
    double[] expected = expected();
    double largest = Arrays.stream(expected).map(Math::abs).max().orElseThrow();

    assertThat(largest).isGreaterThan(100_000);
    assertThat(distance(roundedLogits(), expected)).isLessThan(2e-3 * largest);
  }

  private RandomModel model(int inner, String fields) {
    return new RandomModel(folder, inner, ORDINARY, fields);
  }

  private static UnaryOperator<String> same() {
    return UnaryOperator.identity();
  }

  private void assertRight(double within) {
    double[] expected = expected();
    try (Gpt2Model model = load(WeightType.FLOAT32)) {
      assertThat(distance(prefilled(model), expected)).isLessThan(within);
      assertThat(distance(decoded(model), expected)).isLessThan(within);
    }
  }

  private double[] expected() {
    Gpt2Config config = Gpt2Config.read(folder);
    return new PlainGpt2(config, Weights.open(folder, config)).logits(TOKENS);
  }

  private Gpt2Model load(WeightType type) {
    return load(type, Kernels.of(TorchDevice.CPU));
  }

  private Gpt2Model load(WeightType type, List<Kernels> kernels) {
    Gpt2Config config = Gpt2Config.read(folder);
    Map<Kernels, ProgramSource> programs = new EnumMap<>(Kernels.class);
    kernels.forEach(some -> programs.put(some, ProgramSource.of(some)));
    return Gpt2Model.load(
        config,
        Weights.open(folder, config),
        TorchDevice.CPU,
        type,
        new CacheSize(3, 1, 16),
        Gpt2Model.sample(config),
        programs);
  }

  private double[] roundedLogits() {
    try (Gpt2Model model = load(WeightType.BFLOAT16)) {
      return decoded(model);
    }
  }

  private static double[] prefilled(Gpt2Model model) {
    return logits(model, List.of(), List.of(new Chunk(0, 0, TOKENS, LAST)));
  }

  /** Token by token. */
  private static double[] decoded(Gpt2Model model) {
    double[] last = {};
    for (int i = 0; i < TOKENS.length; i++) {
      last = logits(model, List.of(Chunk.decode(1, i, TOKENS[i])), List.of());
    }
    return last;
  }

  private static double[] logits(Gpt2Model model, List<Chunk> decodes, List<Chunk> chunks) {
    try (StepResult result = model.step(new StepPlan(decodes, chunks))) {
      return row(result, 0);
    }
  }

  private static double distance(double[] a, double... b) {
    assertThat(a).hasSameSizeAs(b);
    return IntStream.range(0, a.length).mapToDouble(i -> Math.abs(a[i] - b[i])).max().orElseThrow();
  }
}
