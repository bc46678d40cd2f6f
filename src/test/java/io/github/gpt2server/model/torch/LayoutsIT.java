package io.github.gpt2server.model.torch;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.model.CacheSize;
import io.github.gpt2server.model.StepPlan;
import io.github.gpt2server.model.StepPlan.ComputedChunk;
import io.github.gpt2server.model.StepPlan.Decode;
import io.github.gpt2server.model.StepPlan.PromptChunk;
import io.github.gpt2server.model.StepResult;
import io.github.gpt2server.model.checkpoint.DataType;
import io.github.gpt2server.model.checkpoint.Gpt2Config;
import io.github.gpt2server.model.checkpoint.TensorData;
import io.github.gpt2server.model.checkpoint.Weights;
import io.github.gpt2server.testing.OneCore;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
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

  /** Its kernels are not there, but its masks, views and copies are. */
  @Test
  void theAttentionOfAGpuTriedOnACpu() {
    model(FOUR_TIMES, "").safetensors(DataType.F32, same());
    double[] expected = expected();
    try (Gpt2Model model = load(WeightType.FLOAT32, new TorchDevice(0))) {
      assertThat(distance(prefilled(model), expected)).isLessThan(1e-4);
      assertThat(distance(decoded(model), expected)).isLessThan(1e-4);
    }
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
    return load(type, TorchDevice.CPU);
  }

  /**
   * @param attention the device whose attention computes on the CPU
   */
  private Gpt2Model load(WeightType type, TorchDevice attention) {
    Gpt2Config config = Gpt2Config.read(folder);
    return Gpt2Model.load(
        config,
        Weights.open(folder, config),
        TorchDevice.CPU,
        type,
        new CacheSize(2, 0, 64),
        Gpt2Model.sample(config),
        (kernels, device) -> ProgramSource.of(kernels, attention));
  }

  private double[] roundedLogits() {
    try (Gpt2Model model = load(WeightType.BFLOAT16)) {
      return decoded(model);
    }
  }

  private static double[] prefilled(Gpt2Model model) {
    return logits(
        model, List.of(), List.of(new ComputedChunk(0, 0, TOKENS, LAST, StepPlan.NO_BLOCK)));
  }

  /** Token by token. */
  private static double[] decoded(Gpt2Model model) {
    double[] last = {};
    for (int i = 0; i < TOKENS.length; i++) {
      last = logits(model, List.of(new Decode(1, i, TOKENS[i])), List.of());
    }
    return last;
  }

  private static double[] logits(Gpt2Model model, List<Decode> decodes, List<PromptChunk> chunks) {
    try (StepResult result = model.step(new StepPlan(decodes, chunks))) {
      FloatBuffer row = result.logits(0);
      return IntStream.range(0, row.limit()).mapToDouble(row::get).toArray();
    }
  }

  private static double distance(double[] a, double... b) {
    assertThat(a).hasSameSizeAs(b);
    return IntStream.range(0, a.length).mapToDouble(i -> Math.abs(a[i] - b[i])).max().orElseThrow();
  }
}
