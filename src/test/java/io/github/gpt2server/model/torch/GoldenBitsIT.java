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
import io.github.gpt2server.model.checkpoint.DataType;
import io.github.gpt2server.model.checkpoint.Gpt2Config;
import io.github.gpt2server.model.checkpoint.Weights;
import io.github.gpt2server.model.torch.kernels.KernelChoice;
import io.github.gpt2server.model.torch.kernels.KernelLibrary;
import io.github.gpt2server.testing.OneCore;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The kernels' results are the same bits on every machine: SHA-256 of logits, of what is reported
 * of them, of vectors of texts, internals and similar tokens, for several weights, stored in {@code
 * golden/bits.properties}. A change of the arithmetic changes them all; then the new ones are in
 * this test's failure.
 */
@OneCore
class GoldenBitsIT {
  private static final Path EMBEDDED = Path.of("models/gpt2-fairytales");
  private static final Path SORT = Path.of("src/test/resources/golden/nano-sort");

  @TempDir Path random;

  @AfterEach
  void restore() {
    TorchRuntime.useKernels(KernelChoice.AUTO);
    TorchRuntime.setThreads(2);
  }

  @ParameterizedTest
  @EnumSource(
      value = WeightType.class,
      names = {"FLOAT32", "BFLOAT16", "INT8"})
  void everyVariantGivesTheStoredBits(WeightType type) throws IOException {
    Map<String, String> digests = new TreeMap<>();
    for (String activation : List.of("gelu_new", "gelu", "quick_gelu", "silu", "relu", "tanh")) {
      Path folder = random.resolve(activation);
      folder.toFile().mkdir();
      new RandomModel(folder, 20, 1, ",'n_inner':20,'activation_function':'" + activation + "'")
          .safetensors(DataType.F32, UnaryOperator.identity());
      digests.put(activation, digest(type, folder));
    }
    digests.put("nano-sort", digest(type, SORT));
    digests.put("embedded", digest(type, EMBEDDED));

    assertThat(digests).isEqualTo(stored(type));
  }

  /** The stored digests of a type, by the name of the weights. */
  private static Map<String, String> stored(WeightType type) throws IOException {
    Properties stored = new Properties();
    try (InputStream in = GoldenBitsIT.class.getResourceAsStream("/golden/bits.properties")) {
      stored.load(in);
    }
    String begin = type.label() + ".";
    Map<String, String> digests = new TreeMap<>();
    stored.stringPropertyNames().stream()
        .filter(name -> name.startsWith(begin))
        .forEach(name -> digests.put(name.substring(begin.length()), stored.getProperty(name)));
    return digests;
  }

  /** The digest on which all variants agree. */
  private static String digest(WeightType type, Path folder) {
    KernelLibrary library = KernelLibrary.load().orElseThrow();
    Gpt2Config config = Gpt2Config.read(folder);
    String first = null;
    try (Gpt2Model model =
        Gpt2Model.load(
            config,
            Weights.open(folder, config),
            TorchDevice.CPU,
            type,
            new CacheSize(2, 0, 32),
            Gpt2Model.sample(config))) {
      for (String variant : library.variants()) {
        library.use(variant);
        // Without instructions for fma a step takes a hundred times as long.
        int most = variant.equals("generic") ? 1 : 2;
        for (int threads = 1; threads <= most; threads++) {
          TorchRuntime.setThreads(threads);
          String digest = digest(model);
          first = first == null ? digest : first;
          assertThat(digest).as("%s, %d threads", variant, threads).isEqualTo(first);
        }
      }
    }
    return first;
  }

  private static String digest(Gpt2Model model) {
    MessageDigest digest;
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
    int length = Math.min(model.contextLength(), 70);
    int[] text = IntStream.range(0, length).map(i -> (i * i * 7 + i) % model.vocabSize()).toArray();
    StepPlan plan = new StepPlan(List.of(), List.of(new Chunk(0, 0, text, 0)));
    try (StepResult result = model.step(plan)) {
      int[] rows = IntStream.range(0, length).toArray();
      double[] temperatures = Arrays.stream(rows).mapToDouble(row -> 1 + row % 3 * 0.5).toArray();
      for (int row : rows) {
        add(digest, result.logits(row));
      }
      add(digest, FloatBuffer.wrap(result.logSumExp(rows, temperatures)));
      for (float[] scores : result.score(rows, text, temperatures)) {
        add(digest, FloatBuffer.wrap(scores));
      }
      for (FloatBuffer probabilities : result.softmax(rows, temperatures)) {
        add(digest, probabilities);
      }
      for (int token : result.argmax()) {
        add(digest, FloatBuffer.wrap(new float[] {token}));
      }
    }
    EmbeddingPlan vectors =
        new EmbeddingPlan(List.of(text, Arrays.copyOf(text, 3)), 1, true, Pooling.MEAN, false);
    try (ModelTask<List<float[][]>> task = model.embed(vectors)) {
      while (task.advance()) {
        // The next slice.
      }
      task.result().forEach(rows -> add(digest, FloatBuffer.wrap(rows[0])));
    }
    addInternals(digest, model, Arrays.copyOf(text, 7));
    try (ModelTask<Map<Integer, Float>> task =
        model.nearestTokens(new int[] {2}, new int[] {1}, Math.min(5, model.vocabSize() - 2))) {
      while (task.advance()) {
        // The next slice.
      }
      task.result()
          .forEach((token, cosine) -> add(digest, FloatBuffer.wrap(new float[] {token, cosine})));
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static void addInternals(MessageDigest digest, Gpt2Model model, int[] text) {
    List<Integer> two = List.of(0, 1);
    int[] targets = {1, model.vocabSize() - 1};
    Inspection inspection =
        new Inspection(text, 6, two, two, true, 3, true, targets, true, new TreeMap<>(), false);
    try (ModelTask<InspectionResult> task = model.inspect(inspection)) {
      while (task.advance()) {
        // The next slice.
      }
      InspectionResult internals = task.result();
      addAll(digest, internals.residualNorms());
      for (InspectionResult.Lens lens : internals.logitLens()) {
        addAll(digest, lens.logprobs());
      }
      addAll(digest, internals.attention());
      InspectionResult.Attribution parts = internals.attribution();
      addAll(digest, parts.embedding());
      addAll(digest, parts.heads());
      addAll(digest, parts.attentionBias());
      addAll(digest, parts.mlp());
      addAll(digest, parts.finalBias());
    }
  }

  /** Adds an array of numbers, or of such arrays. */
  private static void addAll(MessageDigest digest, Object numbers) {
    if (numbers instanceof float[] row) {
      add(digest, FloatBuffer.wrap(row));
    } else {
      for (Object part : (Object[]) numbers) {
        addAll(digest, part);
      }
    }
  }

  private static void add(MessageDigest digest, FloatBuffer numbers) {
    ByteBuffer bytes =
        ByteBuffer.allocate(numbers.remaining() * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(numbers.duplicate());
    digest.update(bytes);
  }
}
