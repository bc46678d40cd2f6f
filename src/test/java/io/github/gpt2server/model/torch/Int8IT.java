package io.github.gpt2server.model.torch;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.github.gpt2server.model.CacheSize;
import io.github.gpt2server.model.StepPlan;
import io.github.gpt2server.model.StepPlan.Chunk;
import io.github.gpt2server.model.StepResult;
import io.github.gpt2server.model.checkpoint.DataType;
import io.github.gpt2server.model.checkpoint.Gpt2Config;
import io.github.gpt2server.model.checkpoint.TensorData;
import io.github.gpt2server.model.checkpoint.Weights;
import io.github.gpt2server.model.torch.kernels.KernelChoice;
import io.github.gpt2server.testing.Float16;
import io.github.gpt2server.testing.OneCore;
import io.github.gpt2server.testing.SafetensorsWriter;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.ShortBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

/**
 * What int8 loses, on the embedded model and on the same model with channels far larger than
 * others, as OpenAI's weights have them. Such channels are made by powers of two that another
 * weight takes back, so that float32 computes the same bits.
 */
@OneCore
@ExtendWith(OutputCaptureExtension.class)
class Int8IT {
  private static final Path EMBEDDED = Path.of("models/gpt2-fairytales");
  private static final int[] TOKENS = new Random(7).ints(200, 0, 4000).toArray();
  private static final float FACTOR = 64;

  @TempDir Path folder;

  /** How the weights are changed, by the tensor's name, row and column. */
  @FunctionalInterface
  private interface Change {
    float factor(String name, int row, int column);
  }

  @Test
  void theEmbeddedModelLosesLittle(CapturedOutput output) {
    assertThat(difference(EMBEDDED)).isBetween(0.01, 0.06);
    assertThat(output).contains("int8 for 17 of 17 linear layers");
  }

  @Test
  void channelsThatLayerNormsMakeLargeLoseNoMore(CapturedOutput output) throws IOException {
    change(
        (name, row, column) -> {
          if (name.matches("h\\.\\d\\.ln_[12]\\.(weight|bias)")) {
            return column == 7 ? FACTOR : 1;
          }
          return name.matches("h\\.\\d\\.(attn\\.c_attn|mlp\\.c_fc)\\.weight") && row == 7
              ? 1 / FACTOR
              : 1;
        });
    assertThat(difference(folder)).isBetween(0.01, 0.06);
    assertThat(output).contains("int8 for 17 of 17 linear layers");
  }

  @Test
  void aLayerThatWouldLoseMuchStaysInBfloat16(CapturedOutput output) throws IOException {
    int width = Gpt2Config.read(EMBEDDED).width();
    change(
        (name, row, column) -> {
          if (name.startsWith("h.1.attn.c_attn")) {
            return column == 2 * width + 5 ? FACTOR : 1;
          }
          return name.equals("h.1.attn.c_proj.weight") && row == 5 ? 1 / FACTOR : 1;
        });
    assertThat(difference(folder)).isBetween(0.01, 0.06);
    assertThat(output).contains("int8 for 16 of 17 linear layers", "; not for h.1.attn.c_proj (");
  }

  /** Embeddings so large that changes are computed as infinity by infinity. */
  @Test
  void layersWhoseChangeIsNotANumberStayInBfloat16(CapturedOutput output) throws IOException {
    change((name, row, column) -> name.equals("wte.weight") ? 1e36f : 1);

    assertThat(logprobs(folder, WeightType.INT8))
        .doesNotContain(Double.NaN)
        .containsExactly(logprobs(folder, WeightType.BFLOAT16));
    assertThat(output).contains("int8 for 0 of 17 linear layers", "lm_head (NaN %)");
  }

  /** What decides about the layers, and so about every number of the model. */
  @Test
  void theChangesThatDecideAreTheSameBitsEverywhere() {
    Logger logger = (Logger) LoggerFactory.getLogger(WeightLoader.class);
    ListAppender<ILoggingEvent> log = new ListAppender<>();
    log.start();
    logger.addAppender(log);
    logger.setLevel(Level.DEBUG);
    try {
      for (KernelChoice kernels : List.of(KernelChoice.AUTO, KernelChoice.GENERIC)) {
        TorchRuntime.useKernels(kernels);
        logprobs(EMBEDDED, WeightType.INT8);
      }
    } finally {
      logger.setLevel(null);
      logger.detachAppender(log);
      TorchRuntime.useKernels(KernelChoice.AUTO);
    }
    List<Object> changes =
        log.list.stream()
            .filter(event -> event.getLevel() == Level.DEBUG)
            .map(event -> event.getArgumentArray()[0])
            .toList();
    assertThat(changes).hasSize(2);
    assertThat(changes.get(1)).isEqualTo(changes.get(0));
    assertThat(changes.get(0))
        .asInstanceOf(InstanceOfAssertFactories.map(String.class, Double.class))
        .hasSize(17)
        .containsEntry("h.0.attn.c_attn", 0.00947410799562931)
        .containsEntry("h.3.mlp.c_proj", 0.011978937312960625)
        .containsEntry("lm_head", 0.011937492527067661);
  }

  /** The mean difference between the log-probabilities of int8 and of float32, in nats. */
  private double difference(Path model) {
    double[] exact = logprobs(EMBEDDED, WeightType.FLOAT32);
    double[] quantized = logprobs(model, WeightType.INT8);
    return IntStream.range(0, exact.length)
        .mapToDouble(i -> Math.abs(exact[i] - quantized[i]))
        .average()
        .orElseThrow();
  }

  /** The log-probability of each token but the first. */
  private static double[] logprobs(Path model, WeightType type) {
    Gpt2Config config = Gpt2Config.read(model);
    try (Gpt2Model loaded =
            Gpt2Model.load(
                config,
                Weights.open(model, config),
                TorchDevice.CPU,
                type,
                new CacheSize(1, 0, 64));
        StepResult result =
            loaded.step(new StepPlan(List.of(), List.of(new Chunk(0, 0, TOKENS, 0))))) {
      int rows = TOKENS.length - 1;
      float[] logprobs =
          result
              .score(
                  IntStream.range(0, rows).toArray(),
                  IntStream.rangeClosed(1, rows).map(i -> TOKENS[i]).toArray(),
                  IntStream.range(0, rows).mapToDouble(i -> 1).toArray())[0];
      return IntStream.range(0, rows).mapToDouble(i -> logprobs[i]).toArray();
    }
  }

  /** Writes the embedded model's weights, each times its factor. */
  private void change(Change change) throws IOException {
    Files.copy(EMBEDDED.resolve("config.json"), folder.resolve("config.json"));
    Gpt2Config config = Gpt2Config.read(EMBEDDED);
    Weights weights = Weights.open(EMBEDDED, config);
    SafetensorsWriter writer = new SafetensorsWriter();
    for (String name : Weights.expectedShapes(config).keySet()) {
      TensorData tensor = weights.get(name);
      ShortBuffer values = tensor.data().order(ByteOrder.LITTLE_ENDIAN).asShortBuffer();
      float[] changed = new float[values.remaining()];
      int columns = (int) tensor.shape()[tensor.shape().length - 1];
      for (int i = 0; i < changed.length; i++) {
        changed[i] = Float16.decode(values.get(i)) * change.factor(name, i / columns, i % columns);
      }
      writer.add(name, DataType.F32, tensor.shape(), changed);
    }
    writer.write(folder.resolve("model.safetensors"));
  }
}
