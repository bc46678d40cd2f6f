package io.github.gpt2server.model.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.gpt2server.model.CacheSize;
import io.github.gpt2server.model.Inspection;
import io.github.gpt2server.model.InspectionResult;
import io.github.gpt2server.model.InspectionResult.Attribution;
import io.github.gpt2server.model.ModelTask;
import io.github.gpt2server.model.StepPlan;
import io.github.gpt2server.model.StepPlan.Chunk;
import io.github.gpt2server.model.StepResult;
import io.github.gpt2server.model.checkpoint.Gpt2Config;
import io.github.gpt2server.model.checkpoint.Weights;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Inside the embedded model, against numbers that an independent PyTorch implementation computed.
 */
class InspectionTaskIT {
  private static final Path FOLDER = Path.of("models/gpt2-fairytales");
  private static final Offset<Double> NEAR = within(1e-3);
  private static final int LAYERS = 4;
  private static final int HEADS = 5;

  private static Gpt2Model model;

  @BeforeAll
  static void load() {
    model = load(WeightType.FLOAT32);
  }

  @AfterAll
  static void close() {
    model.close();
  }

  /** Everything at once, with what a test wants otherwise. */
  private static final class Asked {
    private int[] tokens;
    private int position;
    private List<Integer> layers = range(LAYERS);
    private List<Integer> heads = range(HEADS);
    private int lens = 5;
    private int[] targets = {};
    private final SortedMap<Integer, List<Integer>> ablated = new TreeMap<>();
    private boolean each;

    Asked(int... tokens) {
      this.tokens = tokens;
      this.position = tokens.length - 1;
    }

    Inspection inspection() {
      return new Inspection(
          tokens, position, layers, heads, true, lens, true, targets, true, ablated, each);
    }
  }

  @Test
  void attentionNormsAndLensAreTheGoldenOnes() {
    JsonNode golden = golden("inspect.json");
    InspectionResult result = run(model, new Asked(ints(golden.get("token_ids"))).inspection());
    double[] worst = new double[3];
    for (int layer = 0; layer < LAYERS; layer++) {
      for (int head = 0; head < HEADS; head++) {
        JsonNode rows = golden.get("attention").get(layer).get(head);
        for (int row = 0; row < rows.size(); row++) {
          worst[0] =
              Math.max(worst[0], distance(result.attention()[layer][head][row], rows.get(row)));
        }
      }
    }
    for (int place = 0; place <= LAYERS; place++) {
      worst[1] =
          Math.max(
              worst[1],
              distance(result.residualNorms()[place], golden.get("residual_norm").get(place)));
      JsonNode lens = golden.get("logit_lens").get(place);
      for (int row = 0; row < lens.size(); row++) {
        assertThat(result.logitLens()[place].tokens()[row])
            .isEqualTo(ints(lens.get(row).get("top_ids")));
        worst[2] =
            Math.max(
                worst[2],
                distance(
                    result.logitLens()[place].logprobs()[row], lens.get(row).get("top_logprobs")));
      }
    }
    assertThat(worst[0]).isLessThan(1e-4);
    assertThat(worst[1]).isLessThan(1e-3);
    assertThat(worst[2]).isLessThan(1e-4);
  }

  @Test
  void ablationsAreTheGoldenOnes() {
    JsonNode golden = golden("interventions.json");
    Asked asked = new Asked(ints(golden.get("token_ids")));
    asked.targets = ints(golden.get("target_ids"));
    asked.each = true;
    for (JsonNode head : golden.get("ablate_heads")) {
      asked.ablated.put(head.get(0).intValue(), List.of(head.get(1).intValue()));
    }
    InspectionResult result = run(model, asked.inspection());
    double worst = 0;
    for (int layer = 0; layer < LAYERS; layer++) {
      for (int head = 0; head < HEADS; head++) {
        worst =
            Math.max(
                worst,
                distance(
                    result.eachLogprobs()[layer][head],
                    golden.get("ablate_one_head_logprobs").get(layer).get(head)));
      }
    }
    assertThat(worst).isLessThan(1e-4);
    float[] two = logprobs(result.ablatedLogits(), asked.targets);
    assertThat(distance(two, golden.get("ablate_heads_logprobs"))).isLessThan(1e-4);
    assertThat(distance(logprobs(result.logits(), asked.targets), golden.get("logprobs")))
        .isLessThan(1e-4);
  }

  @Test
  void attributionIsTheGoldenOne() {
    JsonNode golden = golden("interventions.json");
    Asked asked = new Asked(ints(golden.get("token_ids")));
    asked.targets = ints(golden.get("target_ids"));
    InspectionResult result = run(model, asked.inspection());
    Attribution parts = result.attribution();
    double worst = 0;
    for (int target = 0; target < asked.targets.length; target++) {
      JsonNode expected = golden.get("attribution_logits").get(target);
      worst = Math.max(worst, Math.abs(parts.embedding()[target] - at(expected, "embedding")));
      worst = Math.max(worst, Math.abs(parts.finalBias()[target] - at(expected, "ln_f_bias")));
      for (int layer = 0; layer < LAYERS; layer++) {
        worst =
            Math.max(
                worst,
                Math.abs(
                    parts.attentionBias()[layer][target]
                        - at(expected, "attention_bias." + layer)));
        worst =
            Math.max(worst, Math.abs(parts.mlp()[layer][target] - at(expected, "mlp." + layer)));
        for (int head = 0; head < HEADS; head++) {
          worst =
              Math.max(
                  worst,
                  Math.abs(
                      parts.heads()[layer][head][target]
                          - at(expected, "head." + layer + "." + head)));
        }
      }
      double sum = Math.abs(sum(parts, target) - result.logits()[asked.targets[target]]);
      assertThat(sum).isLessThan(1e-4);
      assertThat((double) result.logits()[asked.targets[target]])
          .isCloseTo(golden.get("logits").get(target).doubleValue(), NEAR);
    }
    assertThat(worst).isLessThan(1e-4);
  }

  private static double at(JsonNode node, String field) {
    return node.get(field).doubleValue();
  }

  private static double sum(Attribution parts, int target) {
    double sum = parts.embedding()[target] + parts.finalBias()[target];
    for (int layer = 0; layer < LAYERS; layer++) {
      sum += parts.attentionBias()[layer][target] + parts.mlp()[layer][target];
      for (float[] head : parts.heads()[layer]) {
        sum += head[target];
      }
    }
    return sum;
  }

  /** In whatever type, to the last bit of what is computed in it. */
  @ParameterizedTest
  @EnumSource(names = {"FLOAT32", "BFLOAT16"})
  void thePartsSumToTheLogitAndTheLensEndsAtIt(WeightType type) {
    try (Gpt2Model other = load(type)) {
      Asked asked = new Asked(randomTokens(200));
      asked.position = 130;
      asked.targets = new int[] {5, 4000, 259};
      InspectionResult result = run(other, asked.inspection());
      for (int target = 0; target < asked.targets.length; target++) {
        assertThat(sum(result.attribution(), target))
            .isCloseTo(result.logits()[asked.targets[target]], NEAR);
      }
      InspectionResult.Lens last = result.logitLens()[LAYERS];
      float[] expected = logprobs(result.logits(), last.tokens()[130]);
      for (int i = 0; i < 5; i++) {
        assertThat(last.logprobs()[130][i]).isCloseTo(expected[i], within(1e-5f));
      }
      for (float[][][] layer : result.attention()) {
        for (float[][] head : layer) {
          for (int row = 0; row < 200; row++) {
            assertThat(sum(head[row])).isCloseTo(1, within(1e-5));
            for (int column = row + 1; column < 200; column++) {
              assertThat(head[row][column]).isZero();
            }
          }
        }
      }
    }
  }

  @Test
  void theLogitsAreThoseOfAStep() {
    int[] tokens = randomTokens(300);
    Asked asked = new Asked(tokens);
    asked.position = 170;
    float[] logits = run(model, asked.inspection()).logits();
    try (StepResult step =
        model.step(new StepPlan(List.of(), List.of(new Chunk(0, 0, tokens, 170))))) {
      for (int token = 0; token < logits.length; token++) {
        assertThat(logits[token]).isCloseTo(step.logits(0).get(token), within(1e-4f));
      }
    }
  }

  /** Long texts pass one at a time, short ones many; the place asked for has others after it. */
  @Test
  void eachHeadAloneIsTheSameAsOneNamedHead() {
    for (int length : new int[] {1, 40, 512}) {
      Asked each = new Asked(randomTokens(length));
      each.position = length / 2;
      each.targets = new int[] {7, 300};
      each.layers = List.of(0, 2);
      each.heads = List.of(1, 3, 4);
      each.each = true;
      InspectionResult table = run(model, each.inspection());
      assertThat(table.eachLogprobs()).hasDimensions(2, 3);
      for (int layer = 0; layer < 2; layer++) {
        for (int head = 0; head < 3; head++) {
          Asked one = new Asked(each.tokens);
          one.position = each.position;
          one.ablated.put(each.layers.get(layer), List.of(each.heads.get(head)));
          float[] named = logprobs(run(model, one.inspection()).ablatedLogits(), each.targets);
          assertThat(table.eachLogprobs()[layer][head]).containsExactly(named, within(1e-5f));
        }
      }
    }
  }

  @Test
  void withoutItsHeadsALayersAttentionGivesItsBiasAlone() {
    Asked asked = new Asked(randomTokens(9));
    for (int layer = 0; layer < LAYERS; layer++) {
      asked.ablated.put(layer, range(HEADS));
    }
    // Nothing passes between positions any more: the tokens before the last make no difference.
    InspectionResult result = run(model, asked.inspection());
    asked.tokens = asked.tokens.clone();
    for (int i = 0; i < 8; i++) {
      asked.tokens[i] = 17;
    }
    InspectionResult other = run(model, asked.inspection());
    assertThat(other.ablatedLogits()).containsExactly(result.ablatedLogits(), within(1e-5f));
    assertThat(other.logits()).isNotEqualTo(result.logits());
  }

  @Test
  void onlyWhatIsAskedForIsThere() {
    Inspection least =
        new Inspection(
            new int[] {5, 6},
            1,
            range(LAYERS),
            range(HEADS),
            false,
            -1,
            false,
            new int[] {},
            false,
            Collections.emptySortedMap(),
            false);
    InspectionResult result = run(model, least);
    assertThat(result.logits()).hasSize(4096);
    assertThat(result)
        .usingRecursiveComparison()
        .isEqualTo(new InspectionResult(result.logits(), null, null, null, null, null, null));
  }

  @Test
  void layersAndHeadsNarrowWhatIsReported() {
    int[] tokens = randomTokens(20);
    InspectionResult all = run(model, new Asked(tokens).inspection());
    Asked few = new Asked(tokens);
    few.layers = List.of(1, 3);
    few.heads = List.of(4);
    InspectionResult result = run(model, few.inspection());
    assertThat(result.attention()).hasDimensions(2, 1);
    assertThat(result.attention()[1][0]).isDeepEqualTo(all.attention()[3][4]);
    assertThat(result.residualNorms()).hasDimensions(3, 20);
    assertThat(result.residualNorms()[1]).isEqualTo(all.residualNorms()[2]);
    assertThat(result.logitLens()).hasSize(3);
    assertThat(result.logitLens()[2].tokens()).isDeepEqualTo(all.logitLens()[4].tokens());
    assertThat(result.attribution().heads()).hasDimensions(LAYERS, HEADS);
  }

  @Test
  void theWholeVocabularyFitsTheLens() {
    Asked asked = new Asked(randomTokens(3));
    asked.layers = List.of(3);
    asked.lens = 4096;
    InspectionResult.Lens lens = run(model, asked.inspection()).logitLens()[1];
    for (int row = 0; row < 3; row++) {
      double sum = 0;
      for (float logprob : lens.logprobs()[row]) {
        sum += Math.exp(logprob);
      }
      assertThat(sum).isCloseTo(1, within(1e-4));
      assertThat(lens.tokens()[row]).doesNotHaveDuplicates();
    }
  }

  @Test
  void aTaskThatIsClosedHalfWayFreesWhatItHolds() throws IOException {
    Asked asked = new Asked(randomTokens(512));
    asked.layers = List.of(0);
    asked.heads = List.of(0);
    asked.lens = -1;
    asked.each = true;
    asked.targets = new int[] {7};
    long before = 0;
    for (int repeat = 0; repeat < 60; repeat++) {
      // The first ones fill libtorch's own stores.
      before = repeat == 10 ? residentKilobytes() : before;
      try (ModelTask<InspectionResult> task = model.inspect(asked.inspection())) {
        for (int slice = 0; slice < 4; slice++) {
          assertThat(task.advance()).isTrue();
        }
      }
    }
    // Each holds two residual streams of 655 kB by then.
    assertThat(residentKilobytes() - before).as("kB grown over 50 tasks").isLessThan(30_000);
  }

  private static long residentKilobytes() throws IOException {
    System.gc();
    return Files.readAllLines(Path.of("/proc/self/status")).stream()
        .filter(line -> line.startsWith("VmRSS:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
        .findAny()
        .orElseThrow();
  }

  private static InspectionResult run(Gpt2Model model, Inspection inspection) {
    try (ModelTask<InspectionResult> task = model.inspect(inspection)) {
      while (task.advance()) {
        // The next slice.
      }
      return task.result();
    }
  }

  private static Gpt2Model load(WeightType type) {
    Gpt2Config config = Gpt2Config.read(FOLDER);
    return Gpt2Model.load(
        config, Weights.open(FOLDER, config), TorchDevice.CPU, type, new CacheSize(2, 0, 64));
  }

  private static float[] logprobs(float[] logits, int[] tokens) {
    double sum = 0;
    for (float logit : logits) {
      sum += Math.exp(logit);
    }
    float[] logprobs = new float[tokens.length];
    for (int i = 0; i < tokens.length; i++) {
      logprobs[i] = (float) (logits[tokens[i]] - Math.log(sum));
    }
    return logprobs;
  }

  private static double sum(float[] row) {
    double sum = 0;
    for (float value : row) {
      sum += value;
    }
    return sum;
  }

  private static double distance(float[] actual, JsonNode expected) {
    assertThat(actual).hasSize(expected.size());
    return IntStream.range(0, actual.length)
        .mapToDouble(i -> Math.abs(actual[i] - expected.get(i).doubleValue()))
        .max()
        .orElseThrow();
  }

  private static int[] randomTokens(int count) {
    return new Random(count).ints(count, 0, 4000).toArray();
  }

  private static List<Integer> range(int count) {
    return IntStream.range(0, count).boxed().toList();
  }

  private static int[] ints(JsonNode array) {
    return IntStream.range(0, array.size()).map(i -> array.get(i).asInt()).toArray();
  }

  private static JsonNode golden(String name) {
    try (InputStream in = InspectionTaskIT.class.getResourceAsStream("/golden/" + name)) {
      return JsonMapper.shared().readTree(in.readAllBytes());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
