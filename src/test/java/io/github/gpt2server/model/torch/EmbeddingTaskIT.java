package io.github.gpt2server.model.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.gpt2server.model.CacheSize;
import io.github.gpt2server.model.EmbeddingPlan;
import io.github.gpt2server.model.LanguageModel;
import io.github.gpt2server.model.ModelTask;
import io.github.gpt2server.model.Pooling;
import io.github.gpt2server.model.checkpoint.Gpt2Config;
import io.github.gpt2server.model.checkpoint.Weights;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Vectors of texts and of tokens against numbers that an independent implementation computed. */
class EmbeddingTaskIT {
  private static final Path FOLDER = Path.of("models/gpt2-fairytales");
  private static final int LAYERS = 4;
  private static final int WIDTH = 320;

  private static Gpt2Model model;
  private static JsonNode golden;

  @BeforeAll
  static void load() {
    Gpt2Config config = Gpt2Config.read(FOLDER);
    model =
        Gpt2Model.load(
            config,
            Weights.open(FOLDER, config),
            TorchDevice.CPU,
            WeightType.FLOAT32,
            new CacheSize(2, 0, 64));
    try (InputStream in = EmbeddingTaskIT.class.getResourceAsStream("/golden/embeddings.json")) {
      golden = JsonMapper.shared().readTree(in);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @AfterAll
  static void close() {
    model.close();
  }

  /** Layers 0, 1, the last and after the last norm; three poolings; as they are and of length 1. */
  @Test
  void vectorsAreTheGoldenOnes() {
    List<int[]> texts = new ArrayList<>();
    golden.get("texts").forEach(text -> texts.add(ints(text.get("token_ids"))));
    assertThat(texts).extracting(text -> text.length).containsExactly(6, 1, 48, 512);
    int compared = 0;
    for (String layer : List.of("0", "1", "4", "ln_f")) {
      boolean finalNorm = layer.equals("ln_f");
      int blocks = finalNorm ? LAYERS : Integer.parseInt(layer);
      for (Pooling pooling : Pooling.values()) {
        for (boolean normalize : new boolean[] {false, true}) {
          List<float[][]> vectors =
              run(new EmbeddingPlan(texts, blocks, finalNorm, pooling, normalize));
          for (int t = 0; t < texts.size(); t++) {
            float[][] actual = vectors.get(t);
            assertThat(actual).hasNumberOfRows(pooling == Pooling.NONE ? texts.get(t).length : 1);
            JsonNode expected =
                golden
                    .at("/texts/" + t + "/layers/" + layer)
                    .path(pooling.name().toLowerCase(Locale.ROOT))
                    .path(normalize ? "unit" : "raw");
            if (pooling != Pooling.NONE) {
              assertClose(actual[0], expected);
              compared++;
            } else if (!expected.isMissingNode()) {
              for (int i = 0; i < actual.length; i++) {
                assertClose(actual[i], expected.get(i));
                compared++;
              }
            }
          }
        }
      }
    }
    assertThat(compared).isEqualTo(4 * 2 * (4 * 2 + 6 + 1));
  }

  /** A long text and its neighbors pass the blocks in packs that differ from run to run. */
  @Test
  void aTextHasTheSameBitsAloneAndAmongOthers() {
    Random random = new Random(3);
    for (int trial = 0; trial < 6; trial++) {
      int[] text = random.ints(1 + random.nextInt(trial == 0 ? 512 : 120), 0, 4096).toArray();
      List<int[]> crowd = new ArrayList<>();
      for (int i = 0; i < 50; i++) {
        crowd.add(random.ints(1 + random.nextInt(60), 0, 4096).toArray());
      }
      int place = random.nextInt(crowd.size());
      crowd.add(place, text);
      for (Pooling pooling : Pooling.values()) {
        EmbeddingPlan alone = new EmbeddingPlan(List.of(text), LAYERS, true, pooling, true);
        EmbeddingPlan among = new EmbeddingPlan(crowd, LAYERS, true, pooling, true);
        assertThat(run(among).get(place)).isDeepEqualTo(run(alone).get(0));
      }
    }
  }

  /** 64 tokens through all of four blocks are worth 256 tokens through one. */
  @Test
  void aSliceTakesAboutAsLongAsAPieceOfAPrompt() {
    List<int[]> texts = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      texts.add(new int[20]);
    }
    try (ModelTask<List<float[][]>> task =
        model.embed(new EmbeddingPlan(texts, LAYERS, true, Pooling.MEAN, true))) {
      int slices = 1;
      while (task.advance()) {
        slices++;
      }
      // Eight packs of 240 tokens take a slice for each block; three blocks fit one of 80.
      assertThat(slices).isEqualTo(8 * LAYERS + 2);
      assertThat(task.result()).hasSize(100);
    }
  }

  /** Each of 300 tasks would leave 0.6 MB of hidden vectors, 200 MB in all. */
  @Test
  void aTaskThatIsClosedHalfWayFreesWhatItHolds() throws IOException {
    for (int i = 0; i < 20; i++) {
      closeAfterOneSlice();
    }
    long before = residentKilobytes();
    for (int i = 0; i < 300; i++) {
      closeAfterOneSlice();
    }
    assertThat(residentKilobytes() - before).as("kB grown").isLessThan(60_000);
  }

  private static void closeAfterOneSlice() {
    ModelTask<List<float[][]>> task =
        model.embed(new EmbeddingPlan(List.of(new int[512]), LAYERS, true, Pooling.LAST, true));
    assertThat(task.advance()).isTrue();
    task.close();
    task.close();
  }

  private static long residentKilobytes() throws IOException {
    return Files.readAllLines(Path.of("/proc/self/status")).stream()
        .filter(line -> line.startsWith("VmRSS:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
        .findAny()
        .orElseThrow();
  }

  @Test
  void bfloat16StaysNearFloat32() {
    Gpt2Config config = Gpt2Config.read(FOLDER);
    int[] text = ints(golden.at("/texts/2/token_ids"));
    EmbeddingPlan plan = new EmbeddingPlan(List.of(text), LAYERS, true, Pooling.MEAN, true);
    try (Gpt2Model half =
        Gpt2Model.load(
            config,
            Weights.open(FOLDER, config),
            TorchDevice.CPU,
            WeightType.BFLOAT16,
            new CacheSize(2, 0, 64))) {
      float[] exact = run(plan).get(0)[0];
      float[] rounded = run(half, plan).get(0)[0];
      double cosine =
          IntStream.range(0, WIDTH).mapToDouble(i -> (double) exact[i] * rounded[i]).sum();
      assertThat(cosine).isBetween(0.999, 0.9999999);
    }
  }

  /** queen + man - king, as the reference computes it: woman, girl, wife, person, maiden. */
  @Test
  void nearestTokensAreTheGoldenOnes() {
    Map<Integer, Float> nearest;
    try (ModelTask<Map<Integer, Float>> task =
        model.nearestTokens(new int[] {1076, 428}, new int[] {553}, 5)) {
      assertThat(task.advance()).isFalse();
      nearest = task.result();
    }
    assertThat(nearest.keySet()).containsExactly(826, 965, 844, 1702, 1630);
    double[] cosines = {0.567922, 0.431386, 0.351622, 0.344020, 0.343429};
    int place = 0;
    for (float cosine : nearest.values()) {
      assertThat((double) cosine).isCloseTo(cosines[place++], within(1e-5));
    }
  }

  private static List<float[][]> run(EmbeddingPlan plan) {
    return run(model, plan);
  }

  private static List<float[][]> run(LanguageModel model, EmbeddingPlan plan) {
    try (ModelTask<List<float[][]>> task = model.embed(plan)) {
      boolean more = true;
      while (more) {
        more = task.advance();
      }
      return task.result();
    }
  }

  private static void assertClose(float[] actual, JsonNode expected) {
    int every = golden.get("every").intValue();
    assertThat(actual).hasSize(WIDTH);
    assertThat(expected.size()).isEqualTo(WIDTH / every);
    for (int i = 0; i < expected.size(); i++) {
      assertThat((double) actual[i * every]).isCloseTo(expected.get(i).doubleValue(), within(1e-4));
    }
  }

  private static int[] ints(JsonNode array) {
    return Arrays.stream(JsonMapper.shared().convertValue(array, int[].class)).toArray();
  }
}
