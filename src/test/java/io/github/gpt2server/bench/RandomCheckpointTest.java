package io.github.gpt2server.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.gpt2server.model.checkpoint.Gpt2Config;
import io.github.gpt2server.model.checkpoint.SafetensorsFile;
import io.github.gpt2server.model.checkpoint.TensorData;
import io.github.gpt2server.model.checkpoint.Weights;
import io.github.gpt2server.tokenizer.Gpt2Tokenizer;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RandomCheckpointTest {
  private static final Gpt2Shape SMALL = new Gpt2Shape(2, 32, 2);

  @TempDir private static Path temporary;

  private static Path folder;

  @BeforeAll
  static void write() throws IOException {
    folder = temporary.resolve("small");
    RandomCheckpoint.write(folder, SMALL);
  }

  @Test
  void serverReadsConfigurationWeightsAndTokenizer() {
    Gpt2Config config = Gpt2Config.read(folder);
    assertThat(config.layers()).isEqualTo(2);
    assertThat(config.width()).isEqualTo(32);
    assertThat(config.heads()).isEqualTo(2);
    assertThat(config.vocabSize()).isEqualTo(50_257);
    assertThat(config.contextLength()).isEqualTo(1024);
    assertThat(Weights.open(folder, config).tiedEmbeddings()).isTrue();
    try (Gpt2Tokenizer tokenizer = Gpt2Tokenizer.load(folder)) {
      assertThat(tokenizer.encode("Hello world")).containsExactly(15496, 995);
    }
  }

  @Test
  void numbersAreDrawnAroundTheMean() {
    SafetensorsFile file = SafetensorsFile.open(folder.resolve("model.safetensors"));
    assertMoments(file.read("h.1.attn.c_attn.weight"), 32 * 96, 0, 0.05);
    assertMoments(file.read("wte.weight"), 50_257 * 32, 0, 0.02);
    assertMoments(file.read("ln_f.weight"), 32, 1, 0.02);
  }

  private static void assertMoments(
      TensorData tensor, int elements, double mean, double deviation) {
    FloatBuffer values = tensor.data().asFloatBuffer();
    assertThat(values.remaining()).isEqualTo(elements);
    double sum = 0;
    double squares = 0;
    for (int i = 0; i < elements; i++) {
      sum += values.get(i);
      squares += Math.pow(values.get(i) - mean, 2);
    }
    // Six standard errors, of a fixed seed.
    assertThat(sum / elements).isCloseTo(mean, within(6 * deviation / Math.sqrt(elements)));
    assertThat(Math.sqrt(squares / elements))
        .isCloseTo(deviation, within(6 * deviation / Math.sqrt(2.0 * elements)));
  }

  @Test
  void sameShapeGivesSameBytes() throws IOException {
    Path again = temporary.resolve("again");
    RandomCheckpoint.write(again, SMALL);
    assertThat(again.resolve("model.safetensors"))
        .hasSameBinaryContentAs(folder.resolve("model.safetensors"));
  }

  @Test
  void leavesWhatIsThere() throws IOException {
    Path there = Files.createDirectories(temporary.resolve("there"));
    RandomCheckpoint.write(there, SMALL);
    assertThat(there).isEmptyDirectory();
  }

  @Test
  void publishedSizesHaveTheirPublishedNumberOfParameters() {
    assertThat(parameters("distilgpt2")).isEqualTo(81_912_576);
    assertThat(parameters("gpt2")).isEqualTo(124_439_808);
    assertThat(parameters("gpt2-medium")).isEqualTo(354_823_168);
    assertThat(parameters("gpt2-large")).isEqualTo(774_030_080);
    assertThat(parameters("gpt2-xl")).isEqualTo(1_557_611_200);
  }

  private static long parameters(String name) {
    return Gpt2Shape.PUBLISHED.get(name).tensors().stream()
        .mapToLong(Gpt2Shape.Tensor::elements)
        .sum();
  }
}
