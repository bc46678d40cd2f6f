package io.github.gpt2server.model.torch;

import static io.github.gpt2server.model.torch.ModelSteps.chunk;
import static io.github.gpt2server.model.torch.ModelSteps.prefill;
import static io.github.gpt2server.model.torch.ModelSteps.row;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.gpt2server.model.CacheSize;
import io.github.gpt2server.model.StepPlan;
import io.github.gpt2server.model.StepPlan.Chunk;
import io.github.gpt2server.model.StepResult;
import io.github.gpt2server.model.checkpoint.Activation;
import io.github.gpt2server.model.checkpoint.Gpt2Config;
import io.github.gpt2server.model.checkpoint.Weights;
import java.io.IOException;
import java.io.InputStream;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The embedded model against numbers that an independent PyTorch implementation computed. */
class Gpt2ModelTest {
  private static final Path FOLDER = Path.of("models/gpt2-fairytales");
  private static final int SLOTS = 32;
  private static final int BLOCKS = 4;

  private static Gpt2Model model;

  @BeforeAll
  static void load() {
    model = load(FOLDER, WeightType.FLOAT32);
  }

  @AfterAll
  static void close() {
    model.close();
  }

  /** Of GPT-2 with 124 M parameters, less the final norm's. */
  @ParameterizedTest
  @CsvSource({
    "FLOAT32,true,497753088",
    "FLOAT32,false,652142592",
    "BFLOAT16,true,250449408",
    "BFLOAT16,false,327644160",
    "INT8,true,203992320",
    "INT8,false,242589696",
    "FLOAT16,true,482033664"
  })
  void aTiedEmbeddingTakesMemoryOnce(WeightType type, boolean tied, long bytes) {
    Gpt2Config config =
        new Gpt2Config(
            50257,
            1024,
            768,
            12,
            12,
            3072,
            1e-5,
            Activation.GELU_TANH,
            tied,
            List.of(),
            true,
            false,
            false);
    assertThat(Gpt2Model.weightBytes(config, tied, type)).isEqualTo(bytes);
  }

  @Test
  void prefillGivesTheGoldenLogits() {
    for (JsonNode golden : golden("logits.json")) {
      int[] tokens = ints(golden.get("token_ids"));
      assertClose(prefill(model, 3, tokens, tokens.length), golden.get("logits_last"));
    }
  }

  @Test
  void prefillInChunksGivesTheGoldenLogits() {
    for (JsonNode golden : golden("logits.json")) {
      int[] tokens = ints(golden.get("token_ids"));
      for (int size : new int[] {1, 2, 3, 7}) {
        assertClose(prefill(model, 4, tokens, size), golden.get("logits_last"));
      }
    }
  }

  @Test
  void decodeTokenByTokenGivesTheGoldenLogits() {
    for (JsonNode golden : golden("logits.json")) {
      int[] tokens = ints(golden.get("token_ids"));
      float[] last = null;
      for (int position = 0; position < tokens.length; position++) {
        StepPlan plan =
            new StepPlan(List.of(Chunk.decode(5, position, tokens[position])), List.of());
        try (StepResult result = model.step(plan)) {
          last = row(result, 0);
        }
      }
      assertClose(last, golden.get("logits_last"));
    }
  }

  @Test
  void theLastPositionOfTheContextGivesTheGoldenLogits() {
    JsonNode golden = golden("last-position.json");
    int[] tokens = ints(golden.get("token_ids"));
    assertThat(tokens).hasSize(model.contextLength());
    assertClose(prefill(model, 0, tokens, tokens.length), golden.get("logits_last"));
    assertClose(prefill(model, 1, tokens, 64), golden.get("logits_last"));
    Chunk last = Chunk.decode(1, tokens.length - 1, tokens[tokens.length - 1]);
    try (StepResult result = model.step(new StepPlan(List.of(last), List.of()))) {
      assertClose(row(result, 0), golden.get("logits_last"));
    }
  }

  @Test
  void argmaxSoftmaxAndLogSumExpAgreeWithPlainArithmetic() {
    int[] tokens = {2771, 565, 258};
    StepPlan plan = new StepPlan(List.of(), List.of(new Chunk(2, 0, tokens, 0)));
    try (StepResult result = model.step(plan)) {
      int[] argmax = result.argmax();
      float[] sums = result.logSumExp(new int[] {0, 2}, new double[] {1, 0.5});
      FloatBuffer[] softmax = result.softmax(new int[] {2, 1}, new double[] {0.5, 2});
      assertThat(argmax).hasSize(3);
      assertThat((double) sums[0]).isCloseTo(logSumExp(row(result, 0), 1), within(1e-5));
      assertThat((double) sums[1]).isCloseTo(logSumExp(row(result, 2), 0.5), within(1e-5));
      assertSoftmax(softmax[0], row(result, 2), 0.5);
      assertSoftmax(softmax[1], row(result, 1), 2);
      float[] row = row(result, 1);
      assertThat(IntStream.range(0, row.length).allMatch(i -> row[i] <= row[argmax[1]])).isTrue();
    }
  }

  @Test
  void softmaxSeesEditsOfARow() {
    try (StepResult result = model.step(new StepPlan(List.of(Chunk.decode(0, 0, 11)), List.of()))) {
      int best = result.argmax()[0];
      result.logits(0).put(best, Float.NEGATIVE_INFINITY);
      FloatBuffer edited = result.softmax(new int[] {0}, new double[] {1})[0];
      assertThat(edited.get(best)).isZero();
      assertThat(IntStream.range(0, edited.limit()).mapToDouble(edited::get).sum())
          .isCloseTo(1, within(1e-4));
    }
  }

  @Test
  void bfloat16StaysNearFloat32() {
    try (Gpt2Model half = load(FOLDER, WeightType.BFLOAT16)) {
      JsonNode golden = golden("logits.json").get(0);
      int[] tokens = ints(golden.get("token_ids"));
      try (StepResult result =
          half.step(new StepPlan(List.of(), List.of(chunk(0, tokens, 0, tokens.length))))) {
        float[] logits = row(result, 0);
        double[] expected =
            IntStream.range(0, logits.length)
                .mapToDouble(i -> golden.get("logits_last").get(i).asDouble())
                .toArray();
        double worst =
            IntStream.range(0, logits.length)
                .mapToDouble(i -> Math.abs(logits[i] - expected[i]))
                .max()
                .orElseThrow();
        assertThat(worst).isBetween(1e-4, 0.1);
      }
    }
  }

  @Test
  void aModelThatOthersTrainedGivesTheirNumbers() {
    JsonNode expected = golden("nano-sort/expected.json");
    try (Gpt2Model sort =
        load(Path.of("src/test/resources/golden/nano-sort"), WeightType.FLOAT32)) {
      for (int example = 0; example < 3; example++) {
        int[] tokens = ints(expected.get("idx").get(example));
        try (StepResult result =
            sort.step(new StepPlan(List.of(), List.of(new Chunk(1, 0, tokens, 0))))) {
          for (int position = 0; position < tokens.length; position++) {
            float[] row = new float[3];
            result.logits(position).get(row);
            for (int letter = 0; letter < 3; letter++) {
              assertThat((double) row[letter])
                  .isCloseTo(
                      expected.get("logits").get(example).get(position).get(letter).asDouble(),
                      within(1e-3));
            }
          }
        }
      }
    }
  }

  private static Gpt2Model load(Path folder, WeightType type) {
    Gpt2Config config = Gpt2Config.read(folder);
    return Gpt2Model.load(
        config,
        Weights.open(folder, config),
        TorchDevice.CPU,
        type,
        new CacheSize(SLOTS, BLOCKS, 64));
  }

  private static double logSumExp(float[] logits, double temperature) {
    double sum = 0;
    for (float logit : logits) {
      sum += Math.exp(logit / temperature);
    }
    return Math.log(sum);
  }

  private static void assertSoftmax(FloatBuffer actual, float[] logits, double temperature) {
    double sum = logSumExp(logits, temperature);
    for (int i = 0; i < logits.length; i++) {
      assertThat((double) actual.get(i))
          .isCloseTo(Math.exp(logits[i] / temperature - sum), within(1e-6));
    }
  }

  private static void assertClose(float[] actual, JsonNode expected) {
    assertThat(actual).hasSize(expected.size());
    for (int i = 0; i < actual.length; i++) {
      assertThat((double) actual[i]).isCloseTo(expected.get(i).asDouble(), within(1e-3));
    }
  }

  private static int[] ints(JsonNode array) {
    return IntStream.range(0, array.size()).map(i -> array.get(i).asInt()).toArray();
  }

  private static JsonNode golden(String name) {
    try (InputStream in = Gpt2ModelTest.class.getResourceAsStream("/golden/" + name)) {
      return JsonMapper.shared().readTree(in.readAllBytes());
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
