package io.github.gpt2server.boot.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.gpt2server.boot.settings.Gpt2Properties;
import io.github.gpt2server.hub.ModelFolder;
import io.github.gpt2server.model.ModelLoadException;
import io.github.gpt2server.model.checkpoint.Gpt2Config;
import io.github.gpt2server.model.torch.WeightType;
import io.github.gpt2server.tokenizer.Gpt2Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.boot.convert.ApplicationConversionService;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

/** The models that can be draft models of the embedded one. */
@ExtendWith(OutputCaptureExtension.class)
class DraftModelFilesTest {
  private static final Path FILES = Path.of("models/gpt2-fairytales");
  private static final Gpt2Config CONFIG = Gpt2Config.read(FILES);
  private static final Gpt2Tokenizer TOKENIZER = Gpt2Tokenizer.load(FILES);

  @TempDir Path folder;

  @Test
  void takesAModelOfTheSameVocabulary(CapturedOutput output) {
    try (DraftModelFiles draft = open(FILES, CONFIG)) {
      assertThat(draft.type()).isEqualTo(WeightType.FLOAT32);
      assertThat(draft.cache().slots()).isEqualTo(3);
      // Keys and values, 512 positions, 4 layers of width 320.
      assertThat(draft.cacheBytes()).isEqualTo(3L * 2 * 512 * 4 * 320 * 4);
      assertThat(draft.weightBytes()).isGreaterThan(12_000_000);
    }
    assertThat(output.getOut()).doesNotContain("DraftModelFiles");
  }

  @Test
  void takesAModelOfAShorterContextAndSaysSo(CapturedOutput output) {
    open(FILES, served(CONFIG.vocabSize(), 1024)).close();
    assertThat(output.getOut())
        .contains(
            "gpt2-fairytales has a context of 512 tokens, the model one of 1024: beyond that,"
                + " draft tokens are proposed without it");
  }

  @Test
  void refusesAModelOfAnotherSizeOfVocabulary() {
    assertThatExceptionOfType(ModelLoadException.class)
        .isThrownBy(() -> open(FILES, served(50257, 512)))
        .withMessage(
            "gpt2.draft-model gpt2-fairytales has vocab_size 4096, but the model has 50257: choose"
                + " a model of the same vocabulary");
  }

  @Test
  void refusesAModelOfAnotherTokenizer() throws IOException {
    for (String file : new String[] {"config.json", "model.safetensors", "merges.txt"}) {
      Files.createSymbolicLink(folder.resolve(file), FILES.resolve(file).toAbsolutePath());
    }
    String vocabulary = Files.readString(FILES.resolve("vocab.json"));
    Files.writeString(
        folder.resolve("vocab.json"),
        vocabulary
            .replace("\"a\":", "\"swapped\":")
            .replace("\"b\":", "\"a\":")
            .replace("\"swapped\":", "\"b\":"));
    assertThatExceptionOfType(ModelLoadException.class)
        .isThrownBy(() -> open(folder, CONFIG))
        .withMessage(
            "gpt2.draft-model draft has another tokenizer than the model: choose a model of"
                + " the same vocabulary");
  }

  private static DraftModelFiles open(Path path, Gpt2Config served) {
    Gpt2Properties properties =
        new Binder(
                List.of(new MapConfigurationPropertySource(Map.of("gpt2.max-sequences", "3"))),
                null,
                ApplicationConversionService.getSharedInstance())
            .bindOrCreate("gpt2", Gpt2Properties.class);
    String id = path.equals(FILES) ? "gpt2-fairytales" : "draft";
    return DraftModelFiles.open(
        new ModelFolder(path, id, null, false), served, TOKENIZER, properties);
  }

  /** The embedded model's configuration, with other numbers in two places. */
  private static Gpt2Config served(int vocabSize, int contextLength) {
    return new Gpt2Config(
        vocabSize,
        contextLength,
        CONFIG.width(),
        CONFIG.layers(),
        CONFIG.heads(),
        CONFIG.innerWidth(),
        CONFIG.layerNormEpsilon(),
        CONFIG.activation(),
        CONFIG.tiedEmbeddings(),
        CONFIG.endOfText(),
        CONFIG.scaleAttnWeights(),
        CONFIG.scaleAttnByInverseLayerIdx(),
        CONFIG.reorderAndUpcastAttn());
  }
}
